using EtcdBackupAgent.Snapshots.Bolt;

namespace EtcdBackupAgent.Snapshots.Revisions;

/// <summary>
/// Moves over all revisions of a database in order, which is the order of the bucket <c>key</c>. Does not allocate
/// memory for each record.
/// </summary>
internal sealed class RevisionReader
{
    private readonly BoltCursor _cursor;
    private bool _isAtNext;
    private bool _hasNext;

    private RevisionReader(BoltCursor cursor) => _cursor = cursor;

    /// <summary>The page of the current element.</summary>
    public ulong PageId => _cursor.PageId;

    /// <summary>
    /// Where the record of the current element, <see cref="RevisionEntry.RawValue"/>, begins in the file.
    /// </summary>
    public long RecordFileOffset => _cursor.ValueFileOffset;

    /// <summary>
    /// The number of elements that were read before the current one. This is its place in the bucket unless
    /// <see cref="MoveTo"/> was used.
    /// </summary>
    public long Ordinal { get; private set; } = -1;

    /// <summary>
    /// Returns a reader before the first revision, or null if there is no bucket <c>key</c>: then this is not an etcd
    /// database.
    /// </summary>
    /// <exception cref="SnapshotDamagedException">A page that is read is damaged.</exception>
    public static RevisionReader? Open(BoltDatabase database) =>
        database.Bucket("key"u8) is { } cursor ? new RevisionReader(cursor) : null;

    /// <summary>Returns a reader before the first revision. A missing bucket <c>key</c> is damage.</summary>
    /// <exception cref="SnapshotDamagedException">
    /// A page that is read is damaged, or there is no bucket <c>key</c>.
    /// </exception>
    public static RevisionReader OpenRequired(BoltDatabase database) =>
        Open(database)
        ?? throw new SnapshotDamagedException("the database has no bucket 'key', where etcd stores all keys");

    /// <summary>Moves before the first element with this or a later main revision.</summary>
    /// <exception cref="SnapshotDamagedException">A page that is read is damaged.</exception>
    public void MoveTo(long main)
    {
        Span<byte> key = stackalloc byte[RevisionKey.TombstoneSizeBytes];
        int length = new RevisionKey(new Revision(main, 0), IsTombstone: false).Write(key);
        _hasNext = _cursor.Seek(key[..length]);
        _isAtNext = true;
    }

    /// <summary>Moves to the next element. Returns false if there is none.</summary>
    /// <exception cref="SnapshotDamagedException">A page that is read is damaged.</exception>
    public bool MoveNext()
    {
        if (!_isAtNext)
        {
            _hasNext = Ordinal < 0 ? _cursor.MoveToFirst() : _cursor.MoveNext();
        }

        _isAtNext = false;
        Ordinal++;
        return _hasNext;
    }

    /// <summary>Decodes the current element.</summary>
    /// <param name="entry">Undefined if it cannot be decoded.</param>
    /// <param name="problem">The reason why it cannot be decoded; null if it can.</param>
    public bool TryRead(out RevisionEntry entry, out string? problem) =>
        RevisionEntry.TryRead(_cursor, Ordinal, out entry, out problem);
}
