using EtcdBackupAgent.Snapshots.Bolt;

namespace EtcdBackupAgent.Snapshots.Revisions;

/// <summary>
/// The records up to a compaction that were replaced by a newer record of the same key up to a later revision. Together
/// with the tombstones these are the records outside etcd's keep set. Source: <c>keyIndex.keep</c> in etcd's
/// <c>mvcc/key_index.go</c>.
/// </summary>
/// <remarks>
/// etcd uses its index of all keys for this. Here memory is limited for any file: at most <see cref="KeysMax"/> keys,
/// as hashes, and one bit for each record.
/// <list type="number">
/// <item>If the file itself is compacted to that revision, no key has two records up to it. The keys with a newer
/// record are collected from the end of the file, which is short.</item>
/// <item>Otherwise, or if there are too many such keys, the last record of each key is found in one pass over the
/// file, or in 2, 4, 8… passes, each for the keys whose hashes end in the same bits.</item>
/// </list>
/// </remarks>
internal sealed class Supersession
{
    /// <summary>The most keys in memory. A key takes about 40 bytes, and twice that while the table grows.</summary>
    public const int KeysMax = 1_000_000;

    private static readonly HashSet<UInt128> NoKeys = [];

    private readonly HashSet<UInt128> _newerKeys;
    private readonly Bits? _records;

    private Supersession(HashSet<UInt128> newerKeys, Bits? records, bool anyKeyLives)
    {
        _newerKeys = newerKeys;
        _records = records;
        AnyKeyLives = anyKeyLives;
    }

    /// <summary>Whether any key exists at the later revision.</summary>
    public bool AnyKeyLives { get; }

    /// <summary>Whether a record of a revision up to the compaction is replaced.</summary>
    public bool Contains(in RevisionEntry entry) => _records is null
        ? _newerKeys.Count > 0 && _newerKeys.Contains(KeyHash.Of(entry.Record.Key))
        : _records[entry.Ordinal];

    /// <summary>Finds the replaced records of a database.</summary>
    /// <param name="database">The database.</param>
    /// <param name="compactRevision">The compacted revision; not below that of the file itself.</param>
    /// <param name="revision">The later revision.</param>
    /// <param name="keysMax">The most keys in memory: <see cref="KeysMax"/>, or fewer in a test.</param>
    /// <param name="cancellationToken">Cancels the search.</param>
    /// <exception cref="SnapshotDamagedException">A page is damaged.</exception>
    public static Supersession Find(
        BoltDatabase database, long compactRevision, long revision, int keysMax, CancellationToken cancellationToken)
    {
        Compaction own = Compaction.Read(database);
        bool isCompacted = !own.IsUnfinished && own.Finished == compactRevision;
        if (compactRevision <= 0)
        {
            return new Supersession(NoKeys, null, anyKeyLives: true);
        }

        Supersession? collected = isCompacted
            ? TryCollect(database, compactRevision, revision, keysMax, cancellationToken)
            : null;
        return collected ?? FindRecords(database, compactRevision, revision, keysMax, cancellationToken);
    }

    /// <summary>
    /// Collects the keys with a record between the compaction and the revision. Returns null if there are too many.
    /// </summary>
    private static Supersession? TryCollect(
        BoltDatabase database, long compactRevision, long revision, int keysMax, CancellationToken cancellationToken)
    {
        HashSet<UInt128> newer = [];
        long live = 0;
        RevisionReader reader = RevisionReader.OpenRequired(database);
        reader.MoveTo(compactRevision + 1);
        while (TryReadNext(reader, revision, out RevisionEntry entry, cancellationToken))
        {
            live += LiveKeysChange(entry);
            if (newer.Add(KeyHash.Of(entry.Record.Key)) && newer.Count > keysMax)
            {
                return null;
            }
        }

        // Usually the first record is already one of a key that was not changed since.
        bool anyUntouched = false;
        reader = RevisionReader.OpenRequired(database);
        while (live <= 0
            && !anyUntouched
            && TryReadNext(reader, compactRevision, out RevisionEntry entry, cancellationToken))
        {
            live += entry.Key.IsTombstone ? 0 : 1;
            anyUntouched = !entry.Key.IsTombstone && !newer.Contains(KeyHash.Of(entry.Record.Key));
        }

        return new Supersession(newer, null, live > 0 || anyUntouched);
    }

    private static Supersession FindRecords(
        BoltDatabase database, long compactRevision, long revision, int keysMax, CancellationToken cancellationToken)
    {
        for (uint partitions = 1; ; partitions *= 2)
        {
            Bits records = new();
            long? live = 0;
            for (uint partition = 0; partition < partitions && live is not null; partition++)
            {
                live += TryFindRecords(
                    database,
                    compactRevision,
                    revision,
                    keysMax,
                    (partitions - 1, partition),
                    records,
                    cancellationToken);
            }

            if (live is { } number)
            {
                return new Supersession(NoKeys, records, number > 0);
            }
        }
    }

    /// <summary>Adds the replaced records of a part of the keys.</summary>
    /// <param name="database">The database.</param>
    /// <param name="compactRevision">The compacted revision.</param>
    /// <param name="revision">The later revision.</param>
    /// <param name="keysMax">The most keys in memory.</param>
    /// <param name="part">The keys: those whose hashes have these bits under this mask.</param>
    /// <param name="records">Receives the places of the replaced records.</param>
    /// <param name="cancellationToken">Cancels the search.</param>
    /// <returns>The number of these keys that exist at the later revision; null if there are too many keys.</returns>
    private static long? TryFindRecords(
        BoltDatabase database,
        long compactRevision,
        long revision,
        int keysMax,
        (uint Mask, uint Bits) part,
        Bits records,
        CancellationToken cancellationToken)
    {
        Dictionary<UInt128, long> last = [];
        long liveKeysChange = 0;
        long touchedSurvivors = 0;
        RevisionReader reader = RevisionReader.OpenRequired(database);
        while (TryReadNext(reader, revision, out RevisionEntry entry, cancellationToken))
        {
            UInt128 key = KeyHash.Of(entry.Record.Key);
            if (((uint)key & part.Mask) != part.Bits)
            {
                continue;
            }

            bool isReplacement = last.Remove(key, out long replaced);
            if (isReplacement)
            {
                records.Add(replaced);
            }

            if (entry.Key.Main > compactRevision)
            {
                touchedSurvivors += isReplacement ? 1 : 0;
                liveKeysChange += LiveKeysChange(entry);
            }
            else if (!entry.Key.IsTombstone)
            {
                last.Add(key, entry.Ordinal);
                if (last.Count > keysMax)
                {
                    return null;
                }
            }
        }

        return last.Count + touchedSurvivors + liveKeysChange;
    }

    /// <summary>
    /// Returns the change in the number of existing keys by this record. It must be in a range without compaction.
    /// </summary>
    private static int LiveKeysChange(in RevisionEntry entry) =>
        entry.Key.IsTombstone ? -1 : entry.Record.Version <= 1 ? 1 : 0;

    /// <summary>Reads the next record that can be decoded. Returns false after the revision.</summary>
    private static bool TryReadNext(
        RevisionReader reader, long revisionMax, out RevisionEntry entry, CancellationToken cancellationToken)
    {
        while (reader.MoveNext())
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (reader.TryRead(out entry, out _))
            {
                return entry.Key.Main <= revisionMax;
            }
        }

        entry = default;
        return false;
    }
}
