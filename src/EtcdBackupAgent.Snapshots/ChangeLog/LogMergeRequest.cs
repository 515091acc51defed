namespace EtcdBackupAgent.Snapshots.ChangeLog;

/// <summary>What to restore: a revision, from a base and a path of segments.</summary>
public sealed record LogMergeRequest
{
    /// <summary>The revision to restore, at least 1.</summary>
    public required long Target { get; init; }

    /// <summary>The segments, in their order; empty to use the base alone.</summary>
    public IReadOnlyList<LogSegment> Path { get; init; } = [];

    /// <summary>The lineage of the segments; empty without a path.</summary>
    public string Lineage { get; init; } = "";

    /// <summary>The ID of the cluster of the base and of the segments.</summary>
    public ulong ClusterId { get; init; }

    /// <summary>
    /// Whether the manifest of the base names the lineage: then a base that ends just before the path belongs to it.
    /// </summary>
    public bool IsBaseOfLineage { get; init; }
}

/// <summary>What a merge did.</summary>
public sealed record LogMergeSummary
{
    /// <summary>Records of the log in the result, which the base does not have.</summary>
    public required long LogRecords { get; init; }

    /// <summary>Records that base and log both have, with equal content.</summary>
    public required long EqualRecords { get; init; }

    /// <summary>Leases of the log in the result, which the base does not have.</summary>
    public required long LogLeases { get; init; }

    /// <summary>
    /// Leases in the result with a time to live of 1 s, because records name them and they were already gone when they
    /// were asked for.
    /// </summary>
    public required long GoneLeases { get; init; }

    /// <summary>The last revision of the base.</summary>
    public required long BaseLastRevision { get; init; }

    /// <summary>The compact revision of the base, and of the result; -1 for none.</summary>
    public required long CompactRevision { get; init; }

    /// <summary>The size of the restored database, without a trailer.</summary>
    public required long DatabaseBytes { get; init; }
}

/// <summary>The base cannot give the revision: it is compacted there, or neither base nor path contain it.</summary>
public sealed class RevisionUnavailableException(string message) : Exception(message);
