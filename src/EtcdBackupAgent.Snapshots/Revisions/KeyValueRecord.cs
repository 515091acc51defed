namespace EtcdBackupAgent.Snapshots.Revisions;

/// <summary>
/// A value of the bucket <c>key</c>: the message <c>mvccpb.KeyValue</c>. Its spans refer to the encoded record. Source:
/// etcd's <c>api/mvccpb/kv.proto</c>.
/// </summary>
internal readonly ref struct KeyValueRecord
{
    public ReadOnlySpan<byte> Key { get; private init; }

    public ReadOnlySpan<byte> Value { get; private init; }

    /// <summary>The main revision of the put that created the key; 0 in a tombstone.</summary>
    public long CreateRevision { get; private init; }

    /// <summary>The main revision of this record; 0 in a tombstone.</summary>
    public long ModRevision { get; private init; }

    /// <summary>The number of puts since the key was created, including this one; 0 in a tombstone.</summary>
    public long Version { get; private init; }

    /// <summary>The ID of the key's lease; 0 for none.</summary>
    public long Lease { get; private init; }

    /// <summary>Decodes a record. Unknown fields are ignored; if a field occurs twice, the last one counts.</summary>
    /// <param name="bytes">The encoded record; an empty one is a record without any field.</param>
    /// <param name="record">Undefined if it cannot be decoded.</param>
    /// <param name="problem">The reason why etcd cannot decode it; null if it can.</param>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out KeyValueRecord record, out string? problem)
    {
        ReadOnlySpan<byte> key = default;
        ReadOnlySpan<byte> value = default;
        (long created, long modified, long version, long lease) = (0, 0, 0, 0);
        ProtobufFields fields = new(bytes);
        bool isValid = true;
        while (isValid && fields.MoveNext())
        {
            switch (fields.Number)
            {
                case 1 when isValid = fields.Require(ProtobufWireType.LengthDelimited):
                    key = fields.Bytes;
                    break;
                case 2 when isValid = fields.Require(ProtobufWireType.Varint):
                    created = fields.Integer;
                    break;
                case 3 when isValid = fields.Require(ProtobufWireType.Varint):
                    modified = fields.Integer;
                    break;
                case 4 when isValid = fields.Require(ProtobufWireType.Varint):
                    version = fields.Integer;
                    break;
                case 5 when isValid = fields.Require(ProtobufWireType.LengthDelimited):
                    value = fields.Bytes;
                    break;
                case 6 when isValid = fields.Require(ProtobufWireType.Varint):
                    lease = fields.Integer;
                    break;
            }
        }

        record = new KeyValueRecord
        {
            Key = key,
            Value = value,
            CreateRevision = created,
            ModRevision = modified,
            Version = version,
            Lease = lease,
        };
        problem = fields.Problem;
        return problem is null;
    }
}
