using EtcdBackupAgent.Objects.Kinds;

namespace EtcdBackupAgent.Objects.Keys;

/// <summary>The place of one object: its resource, its namespace and its name.</summary>
/// <param name="Resource">The group and the plural.</param>
/// <param name="Namespace">Null for an object of the whole cluster.</param>
/// <param name="Name">The name of the object.</param>
public sealed record StorageKey(GroupResource Resource, string? Namespace, string Name)
{
    /// <inheritdoc/>
    public override string ToString() =>
        Namespace is null ? $"{Resource}/{Name}" : $"{Resource}/{Name} in {Namespace}";
}

/// <summary>What a key of etcd is.</summary>
public enum KeyContent
{
    /// <summary>An object; <see cref="StorageKeys.Read"/> returns its place.</summary>
    Object,

    /// <summary>
    /// Below a prefix of an API server, but no resource that is known. The value may still name its kind.
    /// </summary>
    UnknownResource,

    /// <summary>Data that an API server keeps for itself, such as the leases of its endpoints.</summary>
    ServerData,

    /// <summary>Not below a prefix of an API server: data of another program.</summary>
    Foreign,
}
