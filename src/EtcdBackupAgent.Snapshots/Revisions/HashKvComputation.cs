using EtcdBackupAgent.Snapshots.Bolt;

namespace EtcdBackupAgent.Snapshots.Revisions;

/// <summary>
/// Computes HashKV as a member does: CRC-32C over the bucket's name and then, in the order of revisions, the stored key and value of every
/// record that counts. Source: <c>HashByRev</c> in etcd 3.4's <c>mvcc/kvstore.go</c>, <c>kvHasher</c> in <c>mvcc/hash.go</c> since 3.5.
/// </summary>
/// <remarks>
/// A record after the hash's revision does not count. One up to the compaction counts unless it is a tombstone, or a newer one, up to the
/// hash's revision, has replaced it: so the hash is the same before and after the records are removed. All versions agree on that,
/// as long as any key exists at the hash's revision. If none does, etcd counts what it finds, which depends on how far its
/// compaction has come, and on its version for a tombstone at the compacted revision itself; what is computed here is then
/// the hash after the compaction, and <see cref="IsCertain"/> is false.
/// </remarks>
internal sealed class HashKvComputation
{
    private readonly long _revision;
    private readonly long _compactRevision;
    private readonly Supersession _superseded;
    private Crc32C _crc;
    private Revision _last;
    private bool _hasGap;

    private HashKvComputation(long revision, long compactRevision, Supersession superseded, bool isCertain)
    {
        _revision = revision;
        _compactRevision = compactRevision;
        _superseded = superseded;
        IsCertain = isCertain;
        _last = new Revision(compactRevision, 0);
        _crc.Append("key"u8);
    }

    /// <summary>Whether the member can have answered nothing else.</summary>
    public bool IsCertain { get; }

    public uint Hash => _crc.Value;

    /// <summary>
    /// Whether every revision after the compaction, up to the hash's, is there; no etcd leaves one out. Where one is not, records are lost, and
    /// that no key exists is no excuse for another hash.
    /// </summary>
    public bool HasAllRevisions => !_hasGap && _last.Main >= _revision;

    /// <summary>Finds out what of the compacted records counts; the records themselves come through <see cref="Add"/>.</summary>
    /// <param name="database">The file.</param>
    /// <param name="revision">Main revision up to which records count.</param>
    /// <param name="compactRevision">The compaction to compute under, not below that of the file; -1 for none.</param>
    /// <param name="keysMax">Keys in memory at once: <see cref="Supersession.KeysMax"/>, or fewer in a test.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="SnapshotDamagedException">A page is damaged.</exception>
    public static HashKvComputation Prepare(
        BoltDatabase database, long revision, long compactRevision, int keysMax, CancellationToken cancellationToken)
    {
        Supersession superseded = Supersession.Find(database, compactRevision, revision, keysMax, cancellationToken);
        return superseded.AnyKeyLives
            ? new HashKvComputation(revision, compactRevision, superseded, isCertain: true)
            : new HashKvComputation(
                revision,
                compactRevision,
                Supersession.Find(database, compactRevision, compactRevision, keysMax, cancellationToken),
                isCertain: false);
    }

    /// <summary>Takes the next record; all of the file, in order.</summary>
    public void Add(in RevisionEntry entry)
    {
        if (entry.Key.Main > _compactRevision && entry.Key.Main <= _revision)
        {
            Follow(entry);
        }

        if (entry.Key.Main > _revision
            || (entry.Key.Main <= _compactRevision && (entry.Key.IsTombstone || _superseded.Contains(entry))))
        {
            return;
        }

        _crc.Append(entry.RawKey);
        _crc.Append(entry.RawValue);
    }

    /// <summary>A transaction has the next main revision, and its changes the sub revisions from 0 on. A bump goes as far as it likes.</summary>
    private void Follow(in RevisionEntry entry)
    {
        Revision next = entry.Key.Revision;
        bool follows = next.Main == _last.Main ? next.Sub == _last.Sub + 1 : next.Main == _last.Main + 1 && next.Sub == 0;
        _hasGap |= !follows && !entry.IsBump;
        _last = next;
    }
}
