using EtcdBackupAgent.Snapshots.Bolt;

namespace EtcdBackupAgent.Snapshots.Revisions;

/// <summary>
/// How far the history of a database is compacted, according to its bucket <c>meta</c>. etcd records a compaction when
/// it is requested, removes the records in batches, and records when it is finished.
/// </summary>
/// <param name="Scheduled">The main revision of the last compaction that was requested; -1 for none.</param>
/// <param name="Finished">The main revision of the last compaction that was finished; -1 for none.</param>
public readonly record struct Compaction(long Scheduled, long Finished)
{
    private const long None = -1;

    /// <summary>The revision up to which history may be missing; -1 if there was no compaction.</summary>
    public long Revision => Math.Max(Scheduled, Finished);

    /// <summary>Whether records that the compaction must remove may still exist.</summary>
    public bool IsUnfinished => Scheduled > Finished;

    /// <summary>Reads the compaction of a database: a few pages.</summary>
    /// <param name="pages">The database.</param>
    /// <param name="databaseBytes">The size of the database, without etcd's trailer.</param>
    /// <exception cref="SnapshotDamagedException">A page that is read is damaged.</exception>
    /// <exception cref="IOException">The database cannot be read.</exception>
    public static Compaction Read(IPageSource pages, long databaseBytes) =>
        Read(BoltDatabase.Open(pages, databaseBytes));

    /// <summary>Reads the compaction. A value that is not a revision is treated as missing.</summary>
    /// <exception cref="SnapshotDamagedException">A page that is read is damaged.</exception>
    internal static Compaction Read(BoltDatabase database)
    {
        BoltCursor? meta = database.Bucket("meta"u8);
        return meta is null
            ? new Compaction(None, None)
            : new Compaction(Of("scheduledCompactRev"u8), Of("finishedCompactRev"u8));

        long Of(ReadOnlySpan<byte> name) =>
            meta.Seek(name) && meta.Key.SequenceEqual(name) && RevisionKey.TryRead(meta.Value, out RevisionKey key)
                ? key.Main
                : None;
    }
}
