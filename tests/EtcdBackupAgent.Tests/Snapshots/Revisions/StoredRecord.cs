using System.Text;
using EtcdBackupAgent.Snapshots.Revisions;

namespace EtcdBackupAgent.Tests.Snapshots.Revisions;

/// <summary>One record of a model, and its bytes as etcd stores them.</summary>
internal sealed record StoredRecord
{
    public required Revision Revision { get; init; }

    public required string Key { get; init; }

    public bool IsTombstone { get; init; }

    public long Created { get; init; }

    public long Version { get; init; }

    public byte[] Value { get; init; } = [];

    public long Lease { get; init; }

    public byte[] RawKey
    {
        get
        {
            byte[] bytes = new byte[RevisionKey.TombstoneSizeBytes];
            return bytes[..new RevisionKey(Revision, IsTombstone).Write(bytes)];
        }
    }

    public byte[] RawValue
    {
        get
        {
            List<byte> bytes = [.. Bytes(1, Encoding.UTF8.GetBytes(Key))];
            if (!IsTombstone)
            {
                bytes.AddRange([.. Number(2, Created), .. Number(3, Revision.Main), .. Number(4, Version)]);
                bytes.AddRange([.. Value.Length == 0 ? [] : Bytes(5, Value), .. Lease == 0 ? [] : Number(6, Lease)]);
            }

            return [.. bytes];
        }
    }

    public static byte[] Number(int field, long value) => [(byte)(field << 3), .. Varint((ulong)value)];

    public static byte[] Bytes(int field, byte[] value) =>
        [(byte)((field << 3) | 2), .. Varint((ulong)value.Length), .. value];

    private static List<byte> Varint(ulong value)
    {
        List<byte> bytes = [];
        for (; value >= 0x80; value >>= 7)
        {
            bytes.Add((byte)(value | 0x80));
        }

        return [.. bytes, (byte)value];
    }
}
