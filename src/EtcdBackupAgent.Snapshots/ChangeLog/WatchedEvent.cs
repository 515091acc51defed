using EtcdBackupAgent.Snapshots.Encoded;
using EtcdBackupAgent.Snapshots.Revisions;

namespace EtcdBackupAgent.Snapshots.ChangeLog;

/// <summary>Converts an event of etcd's watch to the record that etcd stores for it.</summary>
/// <remarks>
/// A put contains the stored value. A deletion contains the key, as the stored value does, and also the revision, which
/// the watch adds and which is not stored. Source: <c>put</c> and <c>delete</c> in etcd's
/// <c>server/storage/mvcc/kvstore_txn.go</c>, and <c>kvsToEvents</c> in <c>watchable_store.go</c>.
/// </remarks>
public static class WatchedEvent
{
    private const byte KeyTag = (1 << 3) | (byte)ProtobufWireType.LengthDelimited;

    /// <param name="isDeletion">Whether the event is a deletion.</param>
    /// <param name="keyValue">The encoded <c>mvccpb.KeyValue</c> of the event, which a put keeps.</param>
    /// <param name="record">
    /// The record, with sub revision 0: an event does not contain its place in the transaction. Undefined if there is a
    /// problem.
    /// </param>
    /// <param name="problem">The reason why this is not an event of etcd; null if it is.</param>
    public static bool TryRead(
        bool isDeletion, ReadOnlyMemory<byte> keyValue, out StoredRecord record, out string? problem)
    {
        record = default;
        if (!KeyValueRecord.TryRead(keyValue.Span, out KeyValueRecord fields, out problem))
        {
            problem = $"it is not a key-value record: {problem}";
            return false;
        }

        problem = fields.Key.IsEmpty ? "it has no key"
            : fields.ModRevision < 1 ? $"it has the revision {fields.ModRevision}"
            : null;
        record = new StoredRecord(
            fields.ModRevision, Sub: 0, isDeletion, isDeletion ? TombstoneOf(fields.Key) : keyValue);
        return problem is null;
    }

    private static byte[] TombstoneOf(ReadOnlySpan<byte> key)
    {
        Span<byte> head = stackalloc byte[1 + Varint.BytesMax];
        head[0] = KeyTag;
        int length = 1 + Varint.Write(head[1..], (ulong)key.Length);
        return [.. head[..length], .. key];
    }
}
