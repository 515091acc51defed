namespace EtcdBackupAgent.Snapshots.ChangeLog;

/// <summary>The beginning of a segment.</summary>
public sealed record SegmentHeader
{
    /// <summary>The lineage: printable ASCII, at most 64 characters.</summary>
    public required string Lineage { get; init; }

    /// <summary>The ID of the cluster.</summary>
    public required ulong ClusterId { get; init; }

    /// <summary>The revision of the first record, above 0.</summary>
    public required long First { get; init; }

    /// <summary>The digest of the last record before this segment.</summary>
    public required ResumeDigest Previous { get; init; }

    /// <summary>The last time of the segment before, in whole milliseconds.</summary>
    public required DateTimeOffset Start { get; init; }
}

/// <summary>A linearizable read: all revisions up to <see cref="Revision"/> are in the log.</summary>
/// <param name="Time">
/// When the read was requested. Every write that completed before is at most at the revision.
/// </param>
/// <param name="Revision">The revision that the read returned.</param>
public readonly record struct LogMark(DateTimeOffset Time, long Revision);

/// <summary>A lease that records name.</summary>
/// <param name="Id">The ID.</param>
/// <param name="TtlSeconds">The granted time to live; 1 if the lease was already gone.</param>
/// <param name="IsGone">Whether the lease was gone when its time to live was requested.</param>
public readonly record struct LogLease(long Id, long TtlSeconds, bool IsGone);
