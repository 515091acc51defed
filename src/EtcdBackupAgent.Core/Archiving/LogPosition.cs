using EtcdBackupAgent.Core.ChangeLog;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Snapshots.ChangeLog;

namespace EtcdBackupAgent.Core.Archiving;

/// <summary>Where a log ends, and what its continuation must prove.</summary>
public sealed record LogPosition
{
    /// <summary>The lineage.</summary>
    public required LineageDocument Lineage { get; init; }

    /// <summary>The last revision of the log.</summary>
    public required long Last { get; init; }

    /// <summary>The digest of its last record.</summary>
    public required ResumeDigest Resume { get; init; }

    /// <summary>The last time of the log.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>The time of the last mark.</summary>
    public required DateTimeOffset MarkTime { get; init; }

    /// <summary>Returns the position at the beginning of a lineage.</summary>
    public static LogPosition AtStart(LineageDocument lineage) => new()
    {
        Lineage = lineage,
        Last = lineage.StartRevision,
        Resume = ResumeDigest.None,
        Time = lineage.StartedAt,
        MarkTime = lineage.StartedAt,
    };

    /// <summary>Returns where the newest log of a policy ends; null if it has none.</summary>
    public static LogPosition? Find(LogInventory logs, ArchiveRequest request)
    {
        LogLineage? newest = logs.Lineages.LastOrDefault(l => l.Document is { } document
            && document.Policy == request.Policy
            && (document.PolicyUid is null || request.PolicyUid is null || document.PolicyUid == request.PolicyUid));
        if (newest is null)
        {
            return null;
        }

        LogPosition start = AtStart(newest.Document!);
        SegmentName? last = newest.Segments
            .Select(segment => segment.Name)
            .OrderBy(name => name.Last)
            .ThenBy(name => name.End)
            .LastOrDefault();
        return last is null
            ? start
            : start with
            {
                Last = last.Last,
                Resume = last.Resume,
                // The name has whole seconds; the exact time is lower than the next one.
                Time = last.End.AddSeconds(1),
                MarkTime = last.End,
            };
    }
}
