using EtcdBackupAgent.Core.ChangeLog;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Snapshots.ChangeLog;

namespace EtcdBackupAgent.Core.RestorePoints;

/// <summary>A state of etcd that a repository can restore, and what it takes.</summary>
public sealed record RestorePoint
{
    /// <summary>The snapshot that is restored, or on which the change log is applied.</summary>
    public required Snapshot Snapshot { get; init; }

    /// <summary>The revision to restore; null for the snapshot as it is.</summary>
    public long? Revision { get; init; }

    /// <summary>
    /// The part of the change log from the snapshot to the revision; null if the snapshot alone must have it.
    /// </summary>
    public LogPath? Path { get; init; }

    /// <summary>What is known about the time of the revision; null if it was not selected by its time.</summary>
    public RevisionTime? Time { get; init; }

    /// <summary>
    /// Older snapshots to try, newest first, if the snapshot turns out to be compacted past the revision.
    /// </summary>
    public IReadOnlyList<RestorePoint> Alternatives { get; init; } = [];

    /// <summary>
    /// The snapshot's own restore point, if the revision is that one because no other was requested; null otherwise.
    /// </summary>
    public SnapshotPoint? Default { get; init; }

    /// <summary>Selects a snapshot as it is.</summary>
    public static RestorePoint Of(Snapshot snapshot) => new() { Snapshot = snapshot };

    /// <summary>
    /// Selects what a snapshot was made for: the state before an event if it has a restore point, or the snapshot as it
    /// is.
    /// </summary>
    public static RestorePoint DefaultOf(Snapshot snapshot) => snapshot.Manifest.RestorePoint is { } point
        ? new RestorePoint { Snapshot = snapshot, Revision = point.Revision, Default = point }
        : Of(snapshot);
}

/// <summary>The revision at a moment, and how certain that is (<c>docs/spec/change-log.md</c>, "Reading").</summary>
public sealed record RevisionTime
{
    /// <summary>The moment that was selected.</summary>
    public required DateTimeOffset Moment { get; init; }

    /// <summary>The highest revision that had been received by then. All of it had been written by then.</summary>
    public required long Revision { get; init; }

    /// <summary>
    /// When the log was known to be complete before the moment. Later revisions than <see cref="Revision"/> were
    /// written after this.
    /// </summary>
    public required DateTimeOffset CompleteBefore { get; init; }

    /// <summary>
    /// The first mark at or after the moment: later revisions than its own were written after the moment.
    /// </summary>
    public required LogMark CompleteAfter { get; init; }

    /// <summary>When the next revision was received; null if none followed in the segment.</summary>
    public required DateTimeOffset? NextReceivedAt { get; init; }

    /// <summary>Whether the changes around the moment were received late, after an interruption.</summary>
    public required bool IsCatchUp { get; init; }

    /// <summary>
    /// Whether no other revision can be meant: no later one was written at or before the moment.
    /// </summary>
    public bool IsExact => CompleteAfter.Revision <= Revision;
}
