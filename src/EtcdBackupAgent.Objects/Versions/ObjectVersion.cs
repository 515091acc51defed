using EtcdBackupAgent.Core.KeySpaces;
using EtcdBackupAgent.Objects.Comparing;

namespace EtcdBackupAgent.Objects.Versions;

/// <summary>What happened to an object.</summary>
public enum ObjectVersionKind
{
    /// <summary>The oldest version that is known; there were others before it.</summary>
    FirstKnown,

    /// <summary>The object was created.</summary>
    Created,

    /// <summary>The object was changed.</summary>
    Changed,

    /// <summary>The object was deleted.</summary>
    Deleted,

    /// <summary>The object was created again, after it had been deleted.</summary>
    Recreated,
}

/// <summary>A version of an object. Values of Secrets are masked unless they were asked for.</summary>
public sealed record ObjectVersion
{
    /// <summary>What happened.</summary>
    public required ObjectVersionKind Kind { get; init; }

    /// <summary>The change of the key: its revision, and when it was written.</summary>
    public required KeyVersion Change { get; init; }

    /// <summary>The manager that wrote it, from the managed fields of the object; null if that is not known.</summary>
    public FieldManager? Manager { get; init; }

    /// <summary>The fields that differ from the version before it that is known.</summary>
    public IReadOnlyList<FieldChange> Fields { get; init; } = [];

    /// <summary>Why the version cannot be shown, or not whole; null if it can.</summary>
    public string? Problem { get; init; }

    /// <summary>The number of versions between the one before it and this one that are not known.</summary>
    public long MissingBefore { get; init; }

    /// <summary>The object as JSON, without noise; empty if it was deleted, or cannot be read.</summary>
    public ReadOnlyMemory<byte> Json { get; init; }
}
