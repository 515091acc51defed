namespace EtcdBackupAgent.Snapshots.ChangeLog;

/// <summary>A mark, or a revision with the time at which it was received.</summary>
/// <param name="Time">When the revision was received; the mark's time.</param>
/// <param name="Revision">The revision.</param>
/// <param name="IsCatchUp">Whether the revision was sent late.</param>
/// <param name="Mark">The mark; null for a revision.</param>
public readonly record struct SegmentTime(DateTimeOffset Time, long Revision, bool IsCatchUp, LogMark? Mark);

/// <summary>The times of one segment.</summary>
/// <param name="Start">The last time before the segment.</param>
/// <param name="End">The last time in the segment.</param>
/// <param name="Last">The last revision.</param>
public sealed record SegmentTimes(DateTimeOffset Start, DateTimeOffset End, long Last)
{
    /// <summary>Reads the times of a segment to its end.</summary>
    /// <param name="segment">The segment.</param>
    /// <param name="onTime">Gets each mark and each revision, in their order. Trust it only after the return.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    /// <exception cref="SnapshotDamagedException">The segment is damaged.</exception>
    /// <exception cref="IOException">The segment cannot be read.</exception>
    public static async Task<SegmentTimes> ReadAsync(
        LogSegment segment, Action<SegmentTime> onTime, CancellationToken cancellationToken)
    {
        await using Stream bytes = await segment.OpenAsync(cancellationToken);
        using SegmentReader reader = await SegmentReader.OpenAsync(bytes, cancellationToken);
        while (await reader.MoveNextAsync(cancellationToken))
        {
            if (reader.Item == LogItem.Mark)
            {
                onTime(new SegmentTime(reader.Time, reader.Mark.Revision, IsCatchUp: false, reader.Mark));
            }
            else if (reader.Item is LogItem.FirstPut or LogItem.FirstTombstone)
            {
                onTime(new SegmentTime(reader.Time, reader.LastRevision, reader.IsCatchUp, Mark: null));
            }
        }

        return new SegmentTimes(reader.Header.Start, reader.Time, reader.LastRevision);
    }
}
