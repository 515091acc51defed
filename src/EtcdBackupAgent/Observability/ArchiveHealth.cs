using EtcdBackupAgent.Core.Archiving;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.ChangeLog;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Health;

namespace EtcdBackupAgent.Observability;

/// <summary>
/// The health of a process that writes one change log. It is ready while it reads the changes. Everything that happens
/// to the log shows that the process works; failures too, since they are tried again.
/// </summary>
internal sealed class ArchiveHealth : IArchiveObserver
{
    /// <summary>Whether the changes are read.</summary>
    public const string Condition = "change-log";

    private readonly IAgentHealth _health;

    public ArchiveHealth(IAgentHealth health)
    {
        _health = health;
        health.SetReady(Condition, holds: false);
    }

    public void Opened(LogPosition? end) => _health.Beat();

    public void Began(LineageDocument lineage, IWatchedMember member) => Report(isReady: true);

    public void Continued(LineageId lineage, long revision, IWatchedMember member) => Report(isReady: true);

    public void Lost(BackupException failure, TimeSpan wait) => Report(isReady: false);

    public void Received(int records) => _health.Beat();

    public void Marked(DateTimeOffset at, long revision) => _health.Beat();

    public void Waiting(int segments, long bytes) => _health.Beat();

    public void Stored(SegmentName segment, long bytes) => _health.Beat();

    public void StoreFailed(BackupException failure, int waitingSegments, long waitingBytes, TimeSpan wait) =>
        _health.Beat();

    public void Paused(long waitingBytes) => _health.Beat();

    public void SnapshotFound(SnapshotId id) => _health.Beat();

    public void SnapshotMade(BackupOutcome outcome, string reason) => _health.Beat();

    public void SnapshotFailed(BackupException failure, TimeSpan wait) => _health.Beat();

    public void Pruned(int segments) => _health.Beat();

    public void PruneFailed(BackupException failure) => _health.Beat();

    public void Failed(BackupException failure, TimeSpan wait) => Report(isReady: false);

    private void Report(bool isReady)
    {
        _health.Beat();
        _health.SetReady(Condition, isReady);
    }
}
