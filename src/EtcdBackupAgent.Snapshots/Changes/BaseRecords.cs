using EtcdBackupAgent.Snapshots.Bolt;

namespace EtcdBackupAgent.Snapshots.Changes;

/// <summary>The records of a base, looked up in the order of their keys.</summary>
internal sealed class BaseRecords
{
    /// <summary>
    /// The records that are skipped one by one. Beyond them, a search from the root reads fewer pages, because each
    /// page that is read is also checked.
    /// </summary>
    private const int StepsMax = 128;

    private readonly BoltCursor _cursor;
    private bool _isOpen;
    private bool _hasRecord;

    /// <exception cref="SnapshotDamagedException">The base is damaged, or has no bucket <c>key</c>.</exception>
    public BaseRecords(BoltDatabase database)
    {
        try
        {
            _cursor = database.Bucket(ChangesFormat.KeyBucket)
                ?? throw new SnapshotDamagedException("the database has no bucket 'key', where etcd stores all keys");
        }
        catch (SnapshotDamagedException e)
        {
            throw OfBase(e);
        }
    }

    /// <summary>The value of the current record.</summary>
    public ReadOnlySpan<byte> Value => _cursor.Value;

    /// <summary>Moves to the record with a key, which is above all previous keys.</summary>
    /// <returns>False if the base does not have it.</returns>
    /// <exception cref="SnapshotDamagedException">The base is damaged.</exception>
    public bool TryMoveTo(ReadOnlySpan<byte> key)
    {
        try
        {
            int order = MoveTo(key);
            return order != 0 ? false
                : !_cursor.IsBucket ? true
                : throw new SnapshotDamagedException($"page {_cursor.PageId}: a record is a bucket");
        }
        catch (SnapshotDamagedException e)
        {
            throw OfBase(e);
        }
    }

    /// <summary>Returns the exception for damage of the base, which the message names.</summary>
    public static SnapshotDamagedException OfBase(SnapshotDamagedException damage) =>
        new($"the base is damaged: {damage.Message}", damage);

    /// <summary>Moves to the first record that is not below a key, and returns the order of both.</summary>
    private int MoveTo(ReadOnlySpan<byte> key)
    {
        if (!_isOpen)
        {
            _hasRecord = _cursor.Seek(key);
            _isOpen = true;
        }

        for (int steps = 0; _hasRecord; steps++)
        {
            int order = _cursor.Key.SequenceCompareTo(key);
            if (order >= 0)
            {
                return order;
            }

            _hasRecord = steps < StepsMax ? _cursor.MoveNext() : _cursor.Seek(key);
        }

        return 1;
    }
}
