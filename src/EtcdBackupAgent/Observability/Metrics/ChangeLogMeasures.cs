using EtcdBackupAgent.Core.Archiving;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.ChangeLog;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Observability.Metrics;

/// <summary>The measures of the change log of one policy.</summary>
/// <remarks>
/// The recovery point is the newest second that can be restored. A mark (t, H) means that H is the last change up to t.
/// So it is the newest t for which all revisions up to H are stored, and the lineage has a snapshot. It advances while
/// nothing changes, although a segment is then stored only now and then: there is nothing to lose. It stays where it is
/// while changes wait for the store, while etcd cannot be read, and after a hole until the next snapshot is complete.
/// </remarks>
/// <param name="time">The clock.</param>
internal sealed class ChangeLogMeasures(TimeProvider time) : IArchiveObserver
{
    private readonly Lock _lock = new();
    private readonly DateTimeOffset _startedAt = time.GetUtcNow();
    private LineageId? _lineage;
    private bool _hasSnapshot;

    /// <summary>All revisions of the lineage up to this one are stored.</summary>
    private long _storedUpTo;

    /// <summary>The changes up to this time are stored.</summary>
    private DateTimeOffset? _coveredUpTo;

    private DateTimeOffset? _recoveryPoint;

    public TimeSpan CloseEvery { get; set; }

    public bool IsConnected { get; private set; }

    public long Records { get; private set; }

    public long StoredSegments { get; private set; }

    public long StoredBytes { get; private set; }

    public long Holes { get; private set; }

    public long WaitingBytes { get; private set; }

    /// <summary>The age of the recovery point; without one, the time since the log is written.</summary>
    public TimeSpan RecoveryPointAge
    {
        get
        {
            lock (_lock)
            {
                TimeSpan age = time.GetUtcNow() - (_recoveryPoint ?? _startedAt);
                return age > TimeSpan.Zero ? age : TimeSpan.Zero;
            }
        }
    }

    public void Opened(LogPosition? end)
    {
        lock (_lock)
        {
            IsConnected = false;
            WaitingBytes = 0;
            if (end is not null)
            {
                Follow(end.Lineage.Id, end.Last);
                _coveredUpTo = end.MarkTime;

                // A new process has not read the snapshots yet. It assumes that the end of the log can be restored.
                _recoveryPoint ??= end.MarkTime;
            }
        }
    }

    public void Began(LineageDocument lineage, IWatchedMember member)
    {
        lock (_lock)
        {
            IsConnected = true;
            Holes += lineage.Previous is null ? 0 : 1;
            Follow(lineage.Id, lineage.StartRevision);
        }
    }

    public void Continued(LineageId lineage, long revision, IWatchedMember member)
    {
        lock (_lock)
        {
            IsConnected = true;
        }
    }

    public void Lost(BackupException failure, TimeSpan wait) => Disconnect();

    public void Failed(BackupException failure, TimeSpan wait) => Disconnect();

    public void Received(int records)
    {
        lock (_lock)
        {
            Records += records;
        }
    }

    public void Marked(DateTimeOffset at, long revision)
    {
        lock (_lock)
        {
            if (revision <= _storedUpTo)
            {
                Cover(at);
            }
        }
    }

    public void Waiting(int segments, long bytes)
    {
        lock (_lock)
        {
            WaitingBytes = bytes;
        }
    }

    public void Stored(SegmentName segment, long bytes)
    {
        lock (_lock)
        {
            StoredSegments++;
            StoredBytes += bytes;
            if (segment.Lineage == _lineage)
            {
                _storedUpTo = Math.Max(_storedUpTo, segment.Last);
                Cover(segment.End);
            }
        }
    }

    public void SnapshotFound(SnapshotId id)
    {
        lock (_lock)
        {
            _hasSnapshot = true;
            Cover(_coveredUpTo);
        }
    }

    public void SnapshotMade(BackupOutcome outcome, string reason)
    {
        if (outcome.Verified?.Record?.Result != VerificationResult.Damaged)
        {
            SnapshotFound(outcome.Manifest.Id);
        }
    }

    private void Disconnect()
    {
        lock (_lock)
        {
            IsConnected = false;
        }
    }

    private void Follow(LineageId lineage, long storedUpTo)
    {
        _lineage = lineage;
        _hasSnapshot = false;
        _storedUpTo = storedUpTo;
        _coveredUpTo = null;
    }

    private void Cover(DateTimeOffset? upTo)
    {
        _coveredUpTo = Later(_coveredUpTo, upTo);
        if (_hasSnapshot)
        {
            _recoveryPoint = Later(_recoveryPoint, _coveredUpTo);
        }
    }

    private static DateTimeOffset? Later(DateTimeOffset? one, DateTimeOffset? other) =>
        one is null || other > one ? other : one;
}
