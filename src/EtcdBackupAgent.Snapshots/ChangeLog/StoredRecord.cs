using EtcdBackupAgent.Snapshots.Revisions;

namespace EtcdBackupAgent.Snapshots.ChangeLog;

/// <summary>One change of one key, as etcd stores it in the bucket <c>key</c>.</summary>
/// <param name="Main">The revision of the transaction, above 0.</param>
/// <param name="Sub">The number of the change in its transaction, from 0.</param>
/// <param name="IsTombstone">Whether the change is a deletion.</param>
/// <param name="Value">
/// The encoded <c>mvccpb.KeyValue</c>. That of a tombstone contains only the key.
/// </param>
public readonly record struct StoredRecord(long Main, long Sub, bool IsTombstone, ReadOnlyMemory<byte> Value)
{
    /// <summary>The lease that the record names; 0 for none, or if the value cannot be decoded.</summary>
    public long Lease => KeyValueRecord.TryRead(Value.Span, out KeyValueRecord record, out _) ? record.Lease : 0;
}
