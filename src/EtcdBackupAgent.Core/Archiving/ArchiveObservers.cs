using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.ChangeLog;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Core.Archiving;

/// <summary>Reports what happens to a change log to several observers, in their order.</summary>
public sealed class ArchiveObservers(params IReadOnlyList<IArchiveObserver> observers) : IArchiveObserver
{
    /// <inheritdoc/>
    public void Opened(LogPosition? end) => Report(o => o.Opened(end));

    /// <inheritdoc/>
    public void Began(LineageDocument lineage, IWatchedMember member) => Report(o => o.Began(lineage, member));

    /// <inheritdoc/>
    public void Continued(LineageId lineage, long revision, IWatchedMember member) =>
        Report(o => o.Continued(lineage, revision, member));

    /// <inheritdoc/>
    public void Lost(BackupException failure, TimeSpan wait) => Report(o => o.Lost(failure, wait));

    /// <inheritdoc/>
    public void Received(int records) => Report(o => o.Received(records));

    /// <inheritdoc/>
    public void Marked(DateTimeOffset at, long revision) => Report(o => o.Marked(at, revision));

    /// <inheritdoc/>
    public void Waiting(int segments, long bytes) => Report(o => o.Waiting(segments, bytes));

    /// <inheritdoc/>
    public void Stored(SegmentName segment, long bytes) => Report(o => o.Stored(segment, bytes));

    /// <inheritdoc/>
    public void StoreFailed(BackupException failure, int waitingSegments, long waitingBytes, TimeSpan wait) =>
        Report(o => o.StoreFailed(failure, waitingSegments, waitingBytes, wait));

    /// <inheritdoc/>
    public void Paused(long waitingBytes) => Report(o => o.Paused(waitingBytes));

    /// <inheritdoc/>
    public void SnapshotFound(SnapshotId id) => Report(o => o.SnapshotFound(id));

    /// <inheritdoc/>
    public void SnapshotMade(BackupOutcome outcome, string reason) => Report(o => o.SnapshotMade(outcome, reason));

    /// <inheritdoc/>
    public void SnapshotFailed(BackupException failure, TimeSpan wait) => Report(o => o.SnapshotFailed(failure, wait));

    /// <inheritdoc/>
    public void Pruned(int segments) => Report(o => o.Pruned(segments));

    /// <inheritdoc/>
    public void PruneFailed(BackupException failure) => Report(o => o.PruneFailed(failure));

    /// <inheritdoc/>
    public void Failed(BackupException failure, TimeSpan wait) => Report(o => o.Failed(failure, wait));

    private void Report(Action<IArchiveObserver> report)
    {
        foreach (IArchiveObserver observer in observers)
        {
            report(observer);
        }
    }
}
