using EtcdBackupAgent.Core.Etcd;

namespace EtcdBackupAgent.Core.KeySpaces;

/// <summary>A change of a key that is known, or a deletion that can be inferred.</summary>
public sealed record KeyVersion
{
    /// <summary>The key.</summary>
    public required ReadOnlyMemory<byte> Key { get; init; }

    /// <summary>The revision of the change. Of an inferred deletion, the last that it can have.</summary>
    public required long Revision { get; init; }

    /// <summary>The number of the change in its transaction, from 0.</summary>
    public required long Sub { get; init; }

    /// <summary>Whether the key was deleted.</summary>
    public required bool IsDeletion { get; init; }

    /// <summary>
    /// The first revision that an inferred deletion can have: etcd had compacted it, and the key was gone in a later
    /// source. Null for a change that a source has.
    /// </summary>
    public long? EarliestRevision { get; init; }

    /// <summary>The revision at which the key was created; 0 for a deletion.</summary>
    public long CreateRevision { get; init; }

    /// <summary>The number of puts since the key was created, including this one; 0 for a deletion.</summary>
    public long Version { get; init; }

    /// <summary>The change was written after this time; null if that is not known.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>The change was written before this time.</summary>
    public DateTimeOffset? NotAfter { get; init; }

    /// <summary>The sources that have it, in the order in which they were read; empty if it is inferred.</summary>
    public IReadOnlyList<string> Sources { get; init; } = [];

    /// <summary>Whether a change log has it, so that its revision can be read from there.</summary>
    public bool IsInLog { get; init; }

    /// <summary>Where its value is.</summary>
    internal ValuePlace Value { get; init; }
}

/// <summary>
/// The changes of one history of a cluster. A cluster whose history went back, because it was restored with the same
/// ID, has several.
/// </summary>
/// <param name="ClusterId">The cluster.</param>
/// <param name="Versions">The changes, by their revisions.</param>
/// <param name="Sources">The sources that were read.</param>
public sealed record KeyLine(
    EtcdId ClusterId, IReadOnlyList<KeyVersion> Versions, IReadOnlyList<string> Sources);

/// <summary>A value in a <see cref="ValueSpool"/>.</summary>
internal readonly record struct ValuePlace(long Offset, int Length);
