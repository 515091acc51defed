using EtcdBackupAgent.Snapshots.Bolt;

namespace EtcdBackupAgent.Snapshots.Revisions;

/// <summary>
/// How far the history of a database is compacted, as its bucket <c>meta</c> says. etcd notes a compaction when it is asked for one, removes the
/// records in batches, and notes when it is done.
/// </summary>
/// <param name="Scheduled">Main revision of the last compaction that was asked for; -1 for none.</param>
/// <param name="Finished">Main revision of the last one whose records are removed; -1 for none.</param>
internal readonly record struct Compaction(long Scheduled, long Finished)
{
    private const long None = -1;

    /// <summary>The revision up to which history may be missing; -1 if nothing was ever compacted.</summary>
    public long Revision => Math.Max(Scheduled, Finished);

    /// <summary>Whether some records that it is to remove may be there still.</summary>
    public bool IsUnfinished => Scheduled > Finished;

    /// <summary>Reads it; a value that is no revision counts as none.</summary>
    /// <exception cref="SnapshotDamagedException">A page on the way is damaged.</exception>
    public static Compaction Read(BoltDatabase database)
    {
        BoltCursor? meta = database.Bucket("meta"u8);
        return meta is null ? new Compaction(None, None) : new Compaction(Of("scheduledCompactRev"u8), Of("finishedCompactRev"u8));

        long Of(ReadOnlySpan<byte> name) =>
            meta.Seek(name) && meta.Key.SequenceEqual(name) && RevisionKey.TryRead(meta.Value, out RevisionKey key) ? key.Main : None;
    }
}
