using EtcdBackupAgent.Snapshots.Bolt;

namespace EtcdBackupAgent.Snapshots.Revisions;

/// <summary>
/// Computes HashKV as a member does: the CRC-32C of the bucket's name and then, in the order of revisions, of the
/// stored key and value of every record that counts. Source: <c>HashByRev</c> in etcd 3.4's <c>mvcc/kvstore.go</c>,
/// <c>kvHasher</c> in <c>mvcc/hash.go</c> since 3.5.
/// </summary>
/// <remarks>
/// A record after the hash's revision does not count. A record up to the compaction counts unless it is a tombstone or
/// was replaced by a newer record up to the hash's revision. So the hash is the same before and after the compaction
/// removes the records. All versions of etcd behave like this if any key exists at the hash's revision. If no key
/// exists, etcd counts the records that it finds. The result then depends on the progress of its compaction and, for a
/// tombstone at the compacted revision itself, on its version. In that case this class computes the hash after the
/// compaction, and <see cref="IsCertain"/> is false.
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

    /// <summary>Whether the member must have returned exactly this hash.</summary>
    public bool IsCertain { get; }

    public uint Hash => _crc.Value;

    /// <summary>
    /// Whether every revision after the compaction and up to the hash's revision exists. etcd never skips a revision.
    /// If one is missing, records are lost, and a different hash is an error even if no key exists.
    /// </summary>
    public bool HasAllRevisions => !_hasGap && _last.Main >= _revision;

    /// <summary>
    /// Determines which of the compacted records count. The records themselves are added with <see cref="Add"/>.
    /// </summary>
    /// <param name="database">The database.</param>
    /// <param name="revision">The main revision up to which records count.</param>
    /// <param name="compactRevision">
    /// The compacted revision to compute with, not below that of the file; -1 for none.
    /// </param>
    /// <param name="keysMax">The most keys in memory: <see cref="Supersession.KeysMax"/>, or fewer in a test.</param>
    /// <param name="cancellationToken">Cancels the preparation.</param>
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

    /// <summary>Adds the next record. All records of the file must be added, in order.</summary>
    public void Add(in RevisionEntry entry)
    {
        if (entry.Key.Main > _compactRevision && entry.Key.Main <= _revision)
        {
            CheckSequence(entry);
        }

        if (entry.Key.Main > _revision
            || (entry.Key.Main <= _compactRevision && (entry.Key.IsTombstone || _superseded.Contains(entry))))
        {
            return;
        }

        _crc.Append(entry.RawKey);
        _crc.Append(entry.RawValue);
    }

    /// <summary>
    /// Checks for gaps. A transaction has the next main revision, and its changes have the sub revisions 0, 1, 2 and so
    /// on. A bump may skip any number of revisions.
    /// </summary>
    private void CheckSequence(in RevisionEntry entry)
    {
        Revision next = entry.Key.Revision;
        bool follows = next.Main == _last.Main
            ? next.Sub == _last.Sub + 1
            : next.Main == _last.Main + 1 && next.Sub == 0;
        _hasGap |= !follows && !entry.IsBump;
        _last = next;
    }
}
