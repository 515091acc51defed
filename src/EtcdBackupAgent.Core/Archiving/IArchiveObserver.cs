using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.ChangeLog;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Core.Archiving;

/// <summary>
/// Receives what happens to a change log while it is written, for logs, metrics and events. Implementations must not
/// throw and must return at once. They are called from several threads. An observer implements what it needs: the
/// default of each method does nothing.
/// </summary>
public interface IArchiveObserver
{
    /// <summary>The end of the log in the repository was read; null if the policy has no log yet.</summary>
    void Opened(LogPosition? end)
    {
    }

    /// <summary>A new lineage begins.</summary>
    void Began(LineageDocument lineage, IWatchedMember member)
    {
    }

    /// <summary>The log continues after an interruption, without a hole.</summary>
    void Continued(LineageId lineage, long revision, IWatchedMember member)
    {
    }

    /// <summary>The connection to etcd failed; it is tried again after a wait.</summary>
    void Lost(BackupException failure, TimeSpan wait)
    {
    }

    /// <summary>Records were read from etcd. They are not stored yet.</summary>
    void Received(int records)
    {
    }

    /// <summary>
    /// A mark was made: the log in this process contains every change up to a time. It is not stored yet, and never is
    /// if nothing has changed since the one before it. Once all segments up to its revision are stored, every change up
    /// to its time can be restored.
    /// </summary>
    /// <param name="at">When the linearizable read was requested.</param>
    /// <param name="revision">The revision that it returned. The log contains all revisions up to it.</param>
    void Marked(DateTimeOffset at, long revision)
    {
    }

    /// <summary>The objects that wait for the store are more or less than before.</summary>
    void Waiting(int segments, long bytes)
    {
    }

    /// <summary>A segment is stored.</summary>
    void Stored(SegmentName segment, long bytes)
    {
    }

    /// <summary>The store does not take segments; it is tried again after a wait.</summary>
    void StoreFailed(BackupException failure, int waitingSegments, long waitingBytes, TimeSpan wait)
    {
    }

    /// <summary>The segments that wait for the store have reached their limit; etcd is not read meanwhile.</summary>
    void Paused(long waitingBytes)
    {
    }

    /// <summary>The lineage that is written has a snapshot, so that its changes can be restored.</summary>
    void SnapshotFound(SnapshotId id)
    {
    }

    /// <summary>A snapshot was made, with the reason.</summary>
    void SnapshotMade(BackupOutcome outcome, string reason)
    {
    }

    /// <summary>A snapshot failed; it is tried again after a wait.</summary>
    void SnapshotFailed(BackupException failure, TimeSpan wait)
    {
    }

    /// <summary>Segments were removed because they are too old or no longer of use.</summary>
    void Pruned(int segments)
    {
    }

    /// <summary>Segments could not be removed; it is tried again with the next snapshot.</summary>
    void PruneFailed(BackupException failure)
    {
    }

    /// <summary>
    /// The log is not written at all; it is tried again after a wait. The caller of <see cref="ArchiveRun"/> reports
    /// this.
    /// </summary>
    void Failed(BackupException failure, TimeSpan wait)
    {
    }
}
