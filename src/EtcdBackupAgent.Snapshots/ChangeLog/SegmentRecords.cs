using EtcdBackupAgent.Snapshots.KeySpaces;
using EtcdBackupAgent.Snapshots.Revisions;

namespace EtcdBackupAgent.Snapshots.ChangeLog;

/// <summary>A record of a change log, and when it was written.</summary>
/// <param name="Record">The record.</param>
/// <param name="CompleteBefore">
/// The time of the last mark before it: the record was written after it, as far as the clocks agree.
/// </param>
/// <param name="ReceivedAt">When it was received: it had been written by then.</param>
public sealed record LoggedRecord(KeyRecord Record, DateTimeOffset CompleteBefore, DateTimeOffset ReceivedAt);

/// <summary>Reads the records of some keys out of a segment.</summary>
public static class SegmentRecords
{
    /// <summary>Reads a segment to its end, so that all of it is proven.</summary>
    /// <param name="segment">The segment.</param>
    /// <param name="filter">Selects the keys.</param>
    /// <param name="onRecord">Gets each record, in their order. Trust it only after the return.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    /// <exception cref="SnapshotDamagedException">The segment is damaged, or is not that of its name.</exception>
    /// <exception cref="IOException">The segment cannot be read.</exception>
    public static async Task ReadAsync(
        LogSegment segment, KeyFilter filter, Action<LoggedRecord> onRecord, CancellationToken cancellationToken)
    {
        await using Stream bytes = await segment.OpenAsync(cancellationToken);
        using SegmentReader reader = await SegmentReader.OpenAsync(bytes, cancellationToken);
        DateTimeOffset completeBefore = reader.Header.Start;
        while (await reader.MoveNextAsync(cancellationToken))
        {
            if (reader.Item == LogItem.Mark)
            {
                completeBefore = reader.Mark.Time;
            }
            else if (reader.IsRecord)
            {
                Add(reader);
            }
        }

        if (reader.Header.First != segment.First || reader.LastRevision != segment.Last)
        {
            throw new SnapshotDamagedException(
                $"the segment {segment.Name} has another content than its name says: it has the revisions "
                + $"{reader.Header.First} to {reader.LastRevision}");
        }

        void Add(SegmentReader at)
        {
            if (!KeyValueRecord.TryRead(at.Value, out KeyValueRecord record, out string? problem))
            {
                throw new SnapshotDamagedException(
                    $"revision {at.Revision.Revision} of the log is not a key-value record: {problem}");
            }

            if (filter(record.Key))
            {
                onRecord(new LoggedRecord(KeyRecordReader.RecordOf(at.Revision, record), completeBefore, at.Time));
            }
        }
    }
}
