namespace EtcdBackupAgent.Snapshots.Reports;

/// <summary>The content of an etcd snapshot.</summary>
public sealed record SnapshotReport
{
    /// <summary>
    /// The revision of the store: the highest one, or the compacted one if the last records were removed by the
    /// compaction.
    /// </summary>
    public required long Revision { get; init; }

    /// <summary>The revision up to which history may be missing; -1 if there was no compaction.</summary>
    public required long CompactRevision { get; init; }

    /// <summary>
    /// Whether the last compaction was started but not finished. A member finishes it when it starts.
    /// </summary>
    public required bool IsCompactionUnfinished { get; init; }

    /// <summary>The number of keys that exist at <see cref="Revision"/>.</summary>
    public required long LiveKeys { get; init; }

    /// <summary>The number of records in the file, including deletions.</summary>
    public required long Revisions { get; init; }

    /// <summary>The number of deletions.</summary>
    public required long Tombstones { get; init; }

    /// <summary>
    /// The prefixes, the one with the most bytes first; at most <see cref="PrefixTable.PrefixesMax"/>.
    /// </summary>
    public required IReadOnlyList<PrefixReport> Prefixes { get; init; }

    /// <summary>The sum of all other prefixes, with an empty name; null if there are none.</summary>
    public required PrefixReport? OtherPrefixes { get; init; }

    /// <summary>The size of the database, without etcd's trailer.</summary>
    public required long DatabaseBytes { get; init; }

    /// <summary>The size of the pages in use; null if the pages could not be checked.</summary>
    public required long? UsedBytes { get; init; }

    /// <summary>etcd's own records, from all buckets except <c>key</c>.</summary>
    public required EtcdState State { get; init; }

    /// <summary>The number of records that a compaction would remove now.</summary>
    public long HistoryRevisions => Math.Max(0, Revisions - LiveKeys);
}

/// <summary>The records of keys with one prefix.</summary>
public sealed record PrefixReport
{
    /// <summary>The prefix without the slash at its end. Bytes that are not printable ASCII are <c>\xNN</c>.</summary>
    public required string Prefix { get; init; }

    /// <summary>Keys that exist at the revision of the report.</summary>
    public required long LiveKeys { get; init; }

    /// <summary>Records, including deletions and history.</summary>
    public required long Revisions { get; init; }

    /// <summary>The stored size of the records, including history, without pages and their headers.</summary>
    public required long Bytes { get; init; }
}
