using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.ChangeLog;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Core.Archiving;

/// <summary>
/// Is told what happens to a change log while it is written, for logs, metrics and events. Implementations must not
/// throw and must return at once. They are called from several threads.
/// </summary>
public interface IArchiveObserver
{
    /// <summary>A new lineage begins.</summary>
    void Began(LineageDocument lineage, IWatchedMember member);

    /// <summary>The log continues after an interruption, without a hole.</summary>
    void Continued(LineageId lineage, long revision, IWatchedMember member);

    /// <summary>The connection to etcd failed; it is tried again after a wait.</summary>
    void Lost(BackupException failure, TimeSpan wait);

    /// <summary>A segment is stored.</summary>
    void Stored(SegmentName segment, long bytes);

    /// <summary>The store does not take segments; it is tried again after a wait.</summary>
    void StoreFailed(BackupException failure, int waitingSegments, long waitingBytes, TimeSpan wait);

    /// <summary>The segments that wait for the store have reached their limit; etcd is not read meanwhile.</summary>
    void Paused(long waitingBytes);

    /// <summary>A snapshot was made, with the reason.</summary>
    void SnapshotMade(BackupOutcome outcome, string reason);

    /// <summary>A snapshot failed; it is tried again after a wait.</summary>
    void SnapshotFailed(BackupException failure, TimeSpan wait);

    /// <summary>Segments were removed because they are too old or no longer of use.</summary>
    void Pruned(int segments);

    /// <summary>Segments could not be removed; it is tried again with the next snapshot.</summary>
    void PruneFailed(BackupException failure);
}
