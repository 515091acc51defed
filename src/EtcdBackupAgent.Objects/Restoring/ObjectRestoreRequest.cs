using EtcdBackupAgent.Objects.Modifying;
using EtcdBackupAgent.Objects.Selecting;

namespace EtcdBackupAgent.Objects.Restoring;

/// <summary>What happens to an object that exists in the target. One that is equal is left alone in any case.</summary>
public enum ExistingPolicy
{
    /// <summary>It stays as it is.</summary>
    Skip,

    /// <summary>The fields of the snapshot are set by server-side apply; fields that others added stay.</summary>
    Update,

    /// <summary>It is replaced by the object of the snapshot.</summary>
    Replace,

    /// <summary>The object counts as failed.</summary>
    Fail,
}

/// <summary>What is restored, and how.</summary>
public sealed record ObjectRestoreRequest
{
    /// <summary>The selected objects.</summary>
    public required ObjectFilter Filter { get; init; }

    /// <summary>
    /// Whether what the selected objects need is restored too, where it does not exist: see
    /// <see cref="RelatedObjects"/>.
    /// </summary>
    public bool WithRelated { get; init; }

    public ExistingPolicy Existing { get; init; }

    public NamespaceMap Namespaces { get; init; } = NamespaceMap.None;

    /// <summary>The user's changes; null for none.</summary>
    public ResourceModifiers? Modifiers { get; init; }
}
