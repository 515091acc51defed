namespace EtcdBackupAgent.Snapshots.ChangeLog;

/// <summary>What a merge of segments gave.</summary>
/// <param name="First">The first revision.</param>
/// <param name="Last">The last revision; <paramref name="First"/> − 1 without records.</param>
/// <param name="Resume">The digest of the last record.</param>
/// <param name="Records">The number of records.</param>
public sealed record MergedSegment(long First, long Last, ResumeDigest Resume, long Records);

/// <summary>Merges consecutive segments into one, with all items in their order.</summary>
public static class SegmentMerge
{
    /// <summary>Writes one segment with the content of several.</summary>
    /// <param name="segments">Segments of one path, at least one.</param>
    /// <param name="lineage">Their lineage.</param>
    /// <param name="clusterId">The ID of their cluster.</param>
    /// <param name="target">An empty stream, which takes the bytes; it is at its beginning afterwards.</param>
    /// <param name="cancellationToken">Cancels the work.</param>
    /// <exception cref="SnapshotDamagedException">A segment is damaged.</exception>
    /// <exception cref="LogMismatchException">The segments have different histories.</exception>
    /// <exception cref="IOException">A segment cannot be read.</exception>
    public static async Task<MergedSegment> WriteAsync(
        IReadOnlyList<LogSegment> segments,
        string lineage,
        ulong clusterId,
        MemoryStream target,
        CancellationToken cancellationToken)
    {
        SegmentWriter? writer = null;
        await using LogReader log = new(segments, lineage, clusterId);
        while (await log.MoveNextAsync(cancellationToken))
        {
            SegmentReader item = log.Segment;
            writer ??= new SegmentWriter(item.Header, target);
            if (item.IsRecord)
            {
                writer.Add(new StoredRecord(
                    item.Revision.Main,
                    item.Revision.Revision.Sub,
                    item.Revision.IsTombstone,
                    item.Value.ToArray()));
                continue;
            }

            switch (item.Item)
            {
                case LogItem.Received:
                    writer.Receive(item.Time, item.IsCatchUp);
                    break;
                case LogItem.Mark:
                    writer.Mark(item.Mark);
                    break;
                case LogItem.Lease:
                    writer.Add(item.Lease);
                    break;
            }
        }

        if (writer is null)
        {
            throw new ArgumentException("The segments have no items.", nameof(segments));
        }

        writer.Finish();
        return new MergedSegment(writer.First, writer.LastRevision, writer.LastRecord, writer.Records);
    }
}
