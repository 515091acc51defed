using System.Buffers;
using EtcdBackupAgent.Snapshots.Bolt;
using EtcdBackupAgent.Snapshots.Revisions;
using Microsoft.Win32.SafeHandles;

namespace EtcdBackupAgent.Snapshots.KeySpaces;

/// <summary>
/// Reads the keys that exist in a database at a revision.
/// </summary>
/// <remarks>
/// etcd's file has its records by revision, and no index by key. So the newest record of each key is found in a pass
/// over the whole file. It also finds where the record is, so that its value is read with one request. Memory depends
/// on the number of selected keys alone: about 190 bytes for each.
/// </remarks>
public sealed class KeySpaceReader : IKeyReader
{
    private readonly BoltDatabase _database;

    private KeySpaceReader(BoltDatabase database, long revision)
    {
        _database = database;
        Revision = revision;
    }

    /// <inheritdoc/>
    public long Revision { get; }

    /// <summary>Opens a database.</summary>
    /// <param name="file">The database, open for random access. It must stay open.</param>
    /// <param name="databaseBytes">The size of the database, without etcd's trailer.</param>
    /// <param name="revision">The revision; null for the last one of the database.</param>
    /// <exception cref="SnapshotDamagedException">It is not a database of etcd, or a page is damaged.</exception>
    /// <exception cref="RevisionOutsideException">The database does not have the revision.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static KeySpaceReader Open(SafeFileHandle file, long databaseBytes, long? revision)
    {
        BoltDatabase database = BoltDatabase.Open(file, databaseBytes);
        long last = LastRevision(database);
        if (revision is not { } asked)
        {
            return new KeySpaceReader(database, last);
        }

        long compacted = Compaction.Read(database).Finished;
        return asked < compacted || asked > last
            ? throw new RevisionOutsideException(asked, Math.Max(1, compacted), last)
            : new KeySpaceReader(database, asked);
    }

    /// <inheritdoc/>
    public IReadOnlyList<FoundKey> Find(KeyFilter filter, CancellationToken cancellationToken)
    {
        Dictionary<UInt128, StoredKey> found = [];
        RevisionReader reader = RevisionReader.OpenRequired(_database);
        while (reader.MoveNext())
        {
            cancellationToken.ThrowIfCancellationRequested();
            RevisionEntry entry = Read(reader);
            if (entry.Key.Main > Revision)
            {
                break;
            }

            ReadOnlySpan<byte> key = entry.Record.Key;
            if (entry.IsBump || !filter(key))
            {
                continue;
            }

            UInt128 hash = KeyHash.Of(key);
            if (entry.Key.IsTombstone)
            {
                found.Remove(hash);
                continue;
            }

            if (!found.TryGetValue(hash, out StoredKey? place))
            {
                found.Add(hash, place = new StoredKey(key.ToArray()));
            }

            place.Newest = entry.Key.Revision;
            place.RecordOffset = reader.RecordFileOffset;
            place.RecordBytes = entry.RawValue.Length;
            place.ValueDigest = KeyHash.Of(entry.Record.Value);
        }

        StoredKey[] keys = [.. found.Values];
        Array.Sort(keys, static (one, other) => one.Key.Span.SequenceCompareTo(other.Key.Span));
        return keys;
    }

    /// <inheritdoc/>
    public FoundValue ReadValue(FoundKey key, ArrayBufferWriter<byte> buffer)
    {
        StoredKey place = (StoredKey)key;
        buffer.ResetWrittenCount();
        _database.ReadBytes(buffer.GetSpan(place.RecordBytes)[..place.RecordBytes], place.RecordOffset);
        buffer.Advance(place.RecordBytes);
        ReadOnlySpan<byte> bytes = buffer.WrittenSpan;
        if (!KeyValueRecord.TryRead(bytes, out KeyValueRecord record, out _)
            || !record.Key.SequenceEqual(key.Key.Span)
            || KeyHash.Of(record.Value) != key.ValueDigest)
        {
            throw new SnapshotDamagedException($"revision {place.Newest} was changed while the database was read");
        }

        int start = bytes.Overlaps(record.Value, out int offset) ? offset : 0;
        return new FoundValue(
            buffer.WrittenMemory.Slice(start, record.Value.Length),
            record.ModRevision,
            record.CreateRevision,
            record.Lease);
    }

    private static long LastRevision(BoltDatabase database)
    {
        BoltCursor? cursor = database.Bucket("key"u8);
        return cursor is null ? throw NoKeys()
            : !cursor.MoveToLast() ? 0
            : RevisionKey.TryRead(cursor.Key, out RevisionKey last) ? last.Main
            : throw new SnapshotDamagedException($"page {cursor.PageId}: the last key is not a revision");
    }

    private static SnapshotDamagedException NoKeys() =>
        new("the database has no bucket 'key', where etcd stores all keys");

    /// <summary>A key, and where its newest record is.</summary>
    private sealed class StoredKey(byte[] key) : FoundKey(key)
    {
        public Revision Newest { get; set; }

        /// <summary>Where the record begins in the file.</summary>
        public long RecordOffset { get; set; }

        public int RecordBytes { get; set; }

        public override int ValueBytesMax => RecordBytes;

        public override long ModRevision => Newest.Main;
    }

    private static RevisionEntry Read(RevisionReader reader) =>
        reader.TryRead(out RevisionEntry entry, out string? problem)
            ? entry
            : throw new SnapshotDamagedException($"page {reader.PageId}: {problem}");
}
