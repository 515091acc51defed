namespace EtcdBackupAgent.Snapshots.Reports;

/// <summary>What is in an etcd snapshot.</summary>
public sealed record SnapshotReport
{
    /// <summary>The store's revision: the highest one, or the compacted one if the last records of all are compacted away.</summary>
    public required long Revision { get; init; }

    /// <summary>Revision up to which history may be missing; -1 if nothing was ever compacted.</summary>
    public required long CompactRevision { get; init; }

    /// <summary>The last compaction was asked for and not done yet; a member ends it when it starts.</summary>
    public required bool IsCompactionUnfinished { get; init; }

    /// <summary>Keys that exist at <see cref="Revision"/>.</summary>
    public required long LiveKeys { get; init; }

    /// <summary>Records in the file, deletions included.</summary>
    public required long Revisions { get; init; }

    /// <summary>Records that are deletions.</summary>
    public required long Tombstones { get; init; }

    /// <summary>The prefix with the most bytes first; at most <see cref="PrefixTable.PrefixesMax"/>.</summary>
    public required IReadOnlyList<PrefixReport> Prefixes { get; init; }

    /// <summary>The sum of all other prefixes, its name empty; null if there is none.</summary>
    public required PrefixReport? OtherPrefixes { get; init; }

    /// <summary>Size of the database, without etcd's trailer.</summary>
    public required long DatabaseBytes { get; init; }

    /// <summary>Bytes of the pages in use; null if the pages could not be walked over.</summary>
    public required long? UsedBytes { get; init; }

    public required EtcdState State { get; init; }

    /// <summary>Records that a compaction now would remove.</summary>
    public long HistoryRevisions => Math.Max(0, Revisions - LiveKeys);
}

/// <summary>The records of keys with one prefix.</summary>
public sealed record PrefixReport
{
    /// <summary>Without the slash at its end; bytes that are not printable ASCII are <c>\xNN</c>.</summary>
    public required string Prefix { get; init; }

    public required long LiveKeys { get; init; }

    public required long Revisions { get; init; }

    /// <summary>Bytes of the records as stored, history included; pages and their heads are not.</summary>
    public required long Bytes { get; init; }
}
