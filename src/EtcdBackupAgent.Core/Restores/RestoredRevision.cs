using EtcdBackupAgent.Core.Databases;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.RestorePoints;
using EtcdBackupAgent.Snapshots.ChangeLog;

namespace EtcdBackupAgent.Core.Restores;

/// <summary>A revision that was restored from a snapshot and, if needed, its change log.</summary>
public sealed record RestoredRevision
{
    /// <summary>The revision.</summary>
    public required long Revision { get; init; }

    /// <summary>What is known about its time; null if it was not selected by its time.</summary>
    public required RevisionTime? Time { get; init; }

    /// <summary>
    /// The restore point of the snapshot, if its revision was restored because no other was requested; null otherwise.
    /// </summary>
    public required SnapshotPoint? Default { get; init; }

    /// <summary>What base and log contributed.</summary>
    public required LogMergeSummary Merge { get; init; }

    /// <summary>The number of segments of the log that were read.</summary>
    public required int Segments { get; init; }

    internal static RestoredRevision? Of(WrittenDatabase? written) =>
        written is { Log: { } merge, Point: { Revision: { } revision } point }
            ? new RestoredRevision
            {
                Revision = revision,
                Time = point.Time,
                Default = point.Default,
                Merge = merge,
                Segments = point.Path?.Segments.Count ?? 0,
            }
            : null;
}
