using EtcdBackupAgent.Snapshots.Revisions;

namespace EtcdBackupAgent.Tests.Snapshots.Revisions;

/// <summary>
/// A simple model of etcd's store: all records in a list, and the keep set as a dictionary of all keys. Source: etcd's
/// <c>mvcc/key_index.go</c>, <c>mvcc/kvstore_compaction.go</c>, <c>mvcc/hash.go</c>.
/// </summary>
/// <param name="keepsTombstone">
/// The behaviour since 3.4.34, 3.5.16 and 3.6: a compaction keeps a tombstone at its own revision, and a hash ignores
/// it.
/// </param>
internal sealed class StoreModel(bool keepsTombstone)
{
    private readonly List<StoredRecord> _all = [];

    /// <summary>All records, also those that compactions have removed.</summary>
    public IReadOnlyList<StoredRecord> All => _all;

    /// <summary>The stored records: all except those that compactions have removed.</summary>
    public List<StoredRecord> Stored { get; private set; } = [];

    public long Revision { get; private set; } = 1;

    public long Scheduled { get; private set; } = -1;

    public long Finished { get; private set; } = -1;

    /// <summary>Makes the value of a put.</summary>
    public Func<Random, byte[]> NewValue { get; init; } = random => new byte[random.Next(40)];

    public int LiveKeys => KeepSet(Revision).Count;

    /// <summary>Makes one transaction, which puts some keys and deletes some existing ones.</summary>
    public void Change(Random random, int keys)
    {
        long sub = 0;
        IEnumerable<string> keysToChange = Enumerable
            .Range(0, 1 + random.Next(4))
            .Select(_ => $"/k/{random.Next(keys)}");
        string[] chosen = [.. keysToChange.Distinct(StringComparer.Ordinal)];
        foreach (string key in chosen)
        {
            StoredRecord? last = _all.FindLast(r => r.Key == key);
            bool exists = last is { IsTombstone: false };
            if (random.Next(5) < 2)
            {
                if (exists)
                {
                    Add(new StoredRecord { Revision = new(Revision + 1, sub++), Key = key, IsTombstone = true });
                }

                continue;
            }

            Add(new StoredRecord
            {
                Revision = new(Revision + 1, sub++),
                Key = key,
                Created = exists ? last!.Created : Revision + 1,
                Version = exists ? last!.Version + 1 : 1,
                Value = NewValue(random),
                Lease = random.Next(3),
            });
        }

        Revision += sub > 0 ? 1 : 0;
    }

    public void DeleteAll()
    {
        long sub = 0;
        foreach (StoredRecord live in KeepSet(Revision).Values.ToList())
        {
            Add(new StoredRecord { Revision = new(Revision + 1, sub++), Key = live.Key, IsTombstone = true });
        }

        Revision += sub > 0 ? 1 : 0;
    }

    public void ScheduleCompaction(long revision) => Scheduled = revision;

    /// <summary>
    /// Removes the records that the scheduled compaction must remove, among the first <paramref name="records"/>
    /// records.
    /// </summary>
    public void RemoveRecords(int records)
    {
        HashSet<Revision> kept = [.. KeepSet(Scheduled).Values.Select(r => r.Revision)];
        Stored =
        [
            .. Stored.Where((record, index) => index >= records
                || record.Revision.Main > Scheduled
                || kept.Contains(record.Revision)
                || (keepsTombstone && record.IsTombstone && record.Revision.Main == Scheduled)),
        ];
    }

    public void FinishCompaction()
    {
        RemoveRecords(int.MaxValue);
        Finished = Scheduled;
    }

    public uint HashKv(long revision)
    {
        Dictionary<string, StoredRecord> keep = KeepSet(revision);
        List<byte> hashed = [.. "key"u8];
        foreach (StoredRecord record in Stored.Where(r => r.Revision.Main <= revision))
        {
            bool isKept = keep.TryGetValue(record.Key, out StoredRecord? kept) && kept.Revision == record.Revision;
            if ((record.Revision.Main <= Scheduled && keep.Count > 0 && !isKept)
                || (keepsTombstone && record.IsTombstone && record.Revision.Main == Scheduled))
            {
                continue;
            }

            hashed.AddRange([.. record.RawKey, .. record.RawValue]);
        }

        return Crc32C(hashed);
    }

    public void Write(string path) =>
        BoltFile.Write(path, ("key", Stored.Select(r => (r.RawKey, r.RawValue))), ("meta", Compactions()));

    /// <summary>Returns the elements of <c>meta</c> with the compactions, in the order of their keys.</summary>
    public IReadOnlyList<(byte[] Key, byte[] Value)> Compactions()
    {
        List<(byte[] Key, byte[] Value)> meta = [];
        AddRevision("finishedCompactRev", Finished);
        AddRevision("scheduledCompactRev", Scheduled);
        return meta;

        void AddRevision(string name, long revision)
        {
            if (revision >= 0)
            {
                meta.Add((
                    [.. name.Select(c => (byte)c)],
                    new StoredRecord { Revision = new(revision, 0), Key = "" }.RawKey));
            }
        }
    }

    /// <summary>Returns the newest record of each key up to a revision, unless it is a tombstone.</summary>
    private Dictionary<string, StoredRecord> KeepSet(long revision)
    {
        Dictionary<string, StoredRecord> newest = new(StringComparer.Ordinal);
        foreach (StoredRecord record in _all.Where(r => r.Revision.Main <= revision))
        {
            newest[record.Key] = record;
        }

        return newest.Where(n => !n.Value.IsTombstone).ToDictionary(StringComparer.Ordinal);
    }

    private void Add(StoredRecord record)
    {
        _all.Add(record);
        Stored.Add(record);
    }

    /// <summary>Computes the CRC bit by bit from the definition of the polynomial.</summary>
    private static uint Crc32C(IEnumerable<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in bytes)
        {
            crc ^= b;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82F63B78 : crc >> 1;
            }
        }

        return ~crc;
    }
}
