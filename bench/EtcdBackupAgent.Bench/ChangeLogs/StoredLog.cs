using EtcdBackupAgent.Core.Archiving;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.ChangeLog;
using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Bench.ChangeLogs;

/// <summary>Counts what is stored of a change log. A failure ends the measurement.</summary>
internal sealed class StoredLog : IArchiveObserver
{
    private readonly TaskCompletionSource _snapshot = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _last;
    private int _segments;

    /// <summary>Completes when the log has a snapshot.</summary>
    public Task HasSnapshot => _snapshot.Task;

    /// <summary>The last revision that is stored.</summary>
    public long Last => Interlocked.Read(ref _last);

    /// <summary>The number of segments that are stored.</summary>
    public int Segments => Volatile.Read(ref _segments);

    public void Lost(BackupException failure, TimeSpan wait) => _snapshot.TrySetException(failure);

    public void Stored(SegmentName segment, long bytes)
    {
        Interlocked.Exchange(ref _last, segment.Last);
        Interlocked.Increment(ref _segments);
    }

    public void StoreFailed(BackupException failure, int waitingSegments, long waitingBytes, TimeSpan wait) =>
        _snapshot.TrySetException(failure);

    public void SnapshotMade(BackupOutcome outcome, string reason) => _snapshot.TrySetResult();

    public void SnapshotFailed(BackupException failure, TimeSpan wait) => _snapshot.TrySetException(failure);

    public void PruneFailed(BackupException failure) => _snapshot.TrySetException(failure);
}
