using EtcdBackupAgent.Objects.Keys;
using EtcdBackupAgent.Objects.Kinds;

namespace EtcdBackupAgent.Objects.Comparing;

/// <summary>What happened to an object.</summary>
public enum ObjectChangeKind
{
    /// <summary>Only the new side has it.</summary>
    Added,

    /// <summary>Only the old side has it.</summary>
    Removed,

    /// <summary>Both sides have it, and it differs.</summary>
    Changed,
}

/// <summary>An object that differs. Values of Secrets are masked unless they were asked for.</summary>
public sealed record ObjectChange
{
    /// <summary>What happened.</summary>
    public required ObjectChangeKind Kind { get; init; }

    /// <summary>The resource, the namespace and the name.</summary>
    public required StorageKey Place { get; init; }

    /// <summary>The kind, on the new side if it has the object; null if it cannot be read.</summary>
    public GroupVersionKind? Type { get; init; }

    /// <summary>The revision of the last change on the old side; null if it does not have the object.</summary>
    public long? OldRevision { get; init; }

    /// <summary>The revision of the last change on the new side; null if it does not have the object.</summary>
    public long? NewRevision { get; init; }

    /// <summary>Whether the object was deleted, and another one of the same name was created.</summary>
    public bool IsRecreated { get; init; }

    /// <summary>The fields that differ; empty unless the object was changed.</summary>
    public IReadOnlyList<FieldChange> Fields { get; init; } = [];

    /// <summary>
    /// Why the object differs in more than the fields: the stored bytes do, and cannot be decoded. Null if all
    /// differences are shown.
    /// </summary>
    public string? Problem { get; init; }
}
