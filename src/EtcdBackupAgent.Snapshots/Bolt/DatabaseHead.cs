using System.Buffers.Binary;

namespace EtcdBackupAgent.Snapshots.Bolt;

/// <summary>The first bytes of a file: whether it is a database, and how large a database it says that it is.</summary>
public static class DatabaseHead
{
    /// <summary>The bytes to look at: both metas, with pages of up to 64 KiB.</summary>
    public const int SizeBytes = (1 << 16) + MetaPageBytes;

    private const int MetaPageBytes = BoltFormat.PageHeaderBytes + BoltFormat.MetaBytes + sizeof(ulong);
    private const ushort MetaFlag = 4;

    /// <summary>Whether the bytes begin as a database does, although both metas may be damaged.</summary>
    public static bool IsDatabase(ReadOnlySpan<byte> head) =>
        head.Length >= MetaPageBytes
        && (BinaryPrimitives.ReadUInt32LittleEndian(head[BoltFormat.PageHeaderBytes..]) == BoltFormat.Magic
            || (BinaryPrimitives.ReadUInt64LittleEndian(head) == 0
                && BinaryPrimitives.ReadUInt16LittleEndian(head[sizeof(ulong)..]) == MetaFlag));

    /// <summary>
    /// Returns the size of the database by its own metas, without etcd's trailer; null if no meta is valid.
    /// </summary>
    public static long? FindStatedBytes(ReadOnlySpan<byte> head)
    {
        long? stated = StatedBytes(head, 0);
        for (int size = BoltFormat.PageSizeBytesMin; size <= head.Length - MetaPageBytes; size <<= 1)
        {
            if (StatedBytes(head, size) is { } second)
            {
                return Math.Max(stated ?? 0, second);
            }
        }

        return stated;
    }

    private static long? StatedBytes(ReadOnlySpan<byte> head, int offset) =>
        head.Length >= offset + MetaPageBytes && BoltMeta.Read(head[offset..], out _) is { } meta
            ? (long)Math.Min(meta.HighWaterMark, (ulong)(long.MaxValue / meta.PageSizeBytes)) * meta.PageSizeBytes
            : null;
}
