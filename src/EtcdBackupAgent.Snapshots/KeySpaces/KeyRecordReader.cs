using EtcdBackupAgent.Snapshots.Bolt;
using EtcdBackupAgent.Snapshots.Revisions;
using Microsoft.Win32.SafeHandles;

namespace EtcdBackupAgent.Snapshots.KeySpaces;

/// <summary>Which revisions a database has.</summary>
/// <param name="Compacted">The revision up to which only the newest record of each key is left; -1 for none.</param>
/// <param name="Last">The last revision; 0 if there is no record.</param>
public readonly record struct DatabaseRevisions(long Compacted, long Last);

/// <summary>
/// Reads all records of some keys in a database, in one pass: also those that are not the newest ones, because etcd
/// keeps its history until it compacts it.
/// </summary>
public static class KeyRecordReader
{
    /// <summary>Reads the records.</summary>
    /// <param name="file">The database, open for random access.</param>
    /// <param name="databaseBytes">The size of the database, without etcd's trailer.</param>
    /// <param name="filter">Selects the keys.</param>
    /// <param name="onRecord">Gets each record, in the order of the revisions.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    /// <exception cref="SnapshotDamagedException">A page or a record is damaged.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static DatabaseRevisions Read(
        SafeFileHandle file,
        long databaseBytes,
        KeyFilter filter,
        Action<KeyRecord> onRecord,
        CancellationToken cancellationToken)
    {
        BoltDatabase database = BoltDatabase.Open(file, databaseBytes);
        RevisionReader reader = RevisionReader.OpenRequired(database);
        long last = 0;
        while (reader.MoveNext())
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!reader.TryRead(out RevisionEntry entry, out string? problem))
            {
                throw new SnapshotDamagedException($"page {reader.PageId}: {problem}");
            }

            last = entry.Key.Main;
            if (!entry.IsBump && filter(entry.Record.Key))
            {
                onRecord(RecordOf(entry.Key, entry.Record));
            }
        }

        return new DatabaseRevisions(Compaction.Read(database).Revision, last);
    }

    /// <summary>Copies a record out of the buffers of its reader.</summary>
    internal static KeyRecord RecordOf(RevisionKey key, in KeyValueRecord record) => new()
    {
        Key = record.Key.ToArray(),
        Revision = key.Main,
        Sub = key.Revision.Sub,
        IsDeletion = key.IsTombstone,
        Value = key.IsTombstone ? default : record.Value.ToArray(),
        CreateRevision = record.CreateRevision,
        Version = record.Version,
    };
}
