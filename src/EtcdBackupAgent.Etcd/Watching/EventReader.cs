using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Etcd.Api;
using EtcdBackupAgent.Snapshots.ChangeLog;

namespace EtcdBackupAgent.Etcd.Watching;

/// <summary>
/// Converts the events of one watch over all keys to records, and numbers the changes of each revision. etcd sends all
/// changes of a transaction in their order, so the place of an event among those of its revision is the sub revision.
/// A revision is in one response, or in several if all but the last of them are fragments.
/// </summary>
/// <remarks>
/// A missing revision is not a problem here: the reader of the records decides what it means.
/// </remarks>
internal sealed class EventReader(string endpoint, long fromRevision)
{
    private long _main = fromRevision - 1;
    private long _sub;
    private bool _isContinued;

    /// <summary>The first revision of which no event was received.</summary>
    public long NextRevision => _main + 1;

    /// <summary>Converts the events of the next response.</summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.EtcdFailed"/>: an event is damaged, or not in the order of the revisions.
    /// </exception>
    public IReadOnlyList<StoredRecord> Read(WatchResponse response)
    {
        StoredRecord[] records = new StoredRecord[response.Events.Count];
        for (int i = 0; i < records.Length; i++)
        {
            records[i] = Read(response.Events[i]);
            _isContinued = true;
        }

        _isContinued = response.Fragment;
        return records;
    }

    private StoredRecord Read(Event received)
    {
        if (received.Type is not (Event.Types.EventType.Put or Event.Types.EventType.Delete))
        {
            throw Damaged($"it has the type {(int)received.Type}");
        }

        bool isDeletion = received.Type == Event.Types.EventType.Delete;
        if (!WatchedEvent.TryRead(isDeletion, received.Kv.Memory, out StoredRecord record, out string? problem))
        {
            throw Damaged(problem);
        }

        if (record.Main < _main || (record.Main == _main && !_isContinued))
        {
            throw Damaged($"revision {record.Main} follows the end of revision {_main}");
        }

        _sub = record.Main == _main ? _sub + 1 : 0;
        _main = record.Main;
        return record with { Sub = _sub };
    }

    private BackupException Damaged(string? why) => new(
        FailureReason.EtcdFailed,
        $"{endpoint}: {WatchStream.Call} returned a damaged event after revision {_main}: {why}.");
}
