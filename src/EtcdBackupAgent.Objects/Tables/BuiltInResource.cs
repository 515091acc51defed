using EtcdBackupAgent.Objects.Kinds;

namespace EtcdBackupAgent.Objects.Tables;

/// <summary>A resource that every API server knows without a definition.</summary>
/// <param name="Name">The group and the plural.</param>
/// <param name="Kind">The kind, such as <c>Deployment</c>.</param>
/// <param name="IsNamespaced">False for objects of the whole cluster.</param>
/// <param name="ShortNames">What kubectl accepts in place of the plural, such as <c>deploy</c>.</param>
/// <param name="StoragePrefix">Where etcd has its objects, below the prefix of the API server; it may contain one '/'.
/// </param>
public sealed record BuiltInResource(
    GroupResource Name,
    string Kind,
    bool IsNamespaced,
    IReadOnlyList<string> ShortNames,
    string StoragePrefix);
