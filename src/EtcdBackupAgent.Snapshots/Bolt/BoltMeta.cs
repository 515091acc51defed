using System.Buffers.Binary;

namespace EtcdBackupAgent.Snapshots.Bolt;

/// <summary>
/// One of the two meta records at the beginning of a bbolt file. As its last step a commit overwrites the older meta.
/// The valid meta with the higher <see cref="TransactionId"/> is the current one.
/// </summary>
internal sealed record BoltMeta
{
    public required int PageSizeBytes { get; init; }

    /// <summary>The page of the root bucket, whose elements are the named buckets.</summary>
    public required ulong Root { get; init; }

    public required ulong RootSequence { get; init; }

    /// <summary>The page of the freelist, or <see cref="BoltFormat.NoFreelist"/>.</summary>
    public required ulong Freelist { get; init; }

    /// <summary>The first page number that was never used: all pages of the database are below it.</summary>
    public required ulong HighWaterMark { get; init; }

    public required ulong TransactionId { get; init; }

    /// <summary>Reads the meta of a meta page.</summary>
    /// <param name="page">The page with its header; at least its first 80 bytes.</param>
    /// <param name="problem">The reason why the meta is not valid; null if it is valid.</param>
    /// <returns>The meta, or null if it is not valid.</returns>
    public static BoltMeta? Read(ReadOnlySpan<byte> page, out string? problem)
    {
        ReadOnlySpan<byte> meta = page[BoltFormat.PageHeaderBytes..];
        problem = FindProblem(meta);
        return problem is not null
            ? null
            : new BoltMeta
            {
                PageSizeBytes = BinaryPrimitives.ReadInt32LittleEndian(meta[8..]),
                Root = BinaryPrimitives.ReadUInt64LittleEndian(meta[16..]),
                RootSequence = BinaryPrimitives.ReadUInt64LittleEndian(meta[24..]),
                Freelist = BinaryPrimitives.ReadUInt64LittleEndian(meta[32..]),
                HighWaterMark = BinaryPrimitives.ReadUInt64LittleEndian(meta[40..]),
                TransactionId = BinaryPrimitives.ReadUInt64LittleEndian(meta[48..]),
            };
    }

    /// <summary>Writes the meta and its checksum. The caller writes the header of the page.</summary>
    /// <param name="meta">The target: at least 64 bytes after the header of the page.</param>
    public void Write(Span<byte> meta)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(meta, BoltFormat.Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(meta[4..], BoltFormat.Version);
        BinaryPrimitives.WriteInt32LittleEndian(meta[8..], PageSizeBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(meta[12..], 0);
        BinaryPrimitives.WriteUInt64LittleEndian(meta[16..], Root);
        BinaryPrimitives.WriteUInt64LittleEndian(meta[24..], RootSequence);
        BinaryPrimitives.WriteUInt64LittleEndian(meta[32..], Freelist);
        BinaryPrimitives.WriteUInt64LittleEndian(meta[40..], HighWaterMark);
        BinaryPrimitives.WriteUInt64LittleEndian(meta[48..], TransactionId);
        BinaryPrimitives.WriteUInt64LittleEndian(meta[BoltFormat.MetaBytes..], Checksum(meta));
    }

    private static string? FindProblem(ReadOnlySpan<byte> meta)
    {
        if (BinaryPrimitives.ReadUInt32LittleEndian(meta) != BoltFormat.Magic)
        {
            return "it has no bbolt signature";
        }

        if (BinaryPrimitives.ReadUInt32LittleEndian(meta[4..]) is not BoltFormat.Version and var version)
        {
            return $"its format version is {version}; only {BoltFormat.Version} is supported";
        }

        if (BinaryPrimitives.ReadUInt64LittleEndian(meta[BoltFormat.MetaBytes..]) != Checksum(meta))
        {
            return "its checksum is wrong";
        }

        uint pageSize = BinaryPrimitives.ReadUInt32LittleEndian(meta[8..]);
        return uint.IsPow2(pageSize) && pageSize is >= BoltFormat.PageSizeBytesMin and <= BoltFormat.PageSizeBytesMax
            ? null
            : $"its page size is {pageSize}, which is not a power of two from 1 KiB to 16 MiB";
    }

    /// <summary>Computes the 64-bit FNV-1a of the 56 bytes before the checksum.</summary>
    private static ulong Checksum(ReadOnlySpan<byte> meta)
    {
        ulong hash = 0xCBF29CE484222325;
        foreach (byte b in meta[..BoltFormat.MetaBytes])
        {
            hash = unchecked((hash ^ b) * 0x100000001B3);
        }

        return hash;
    }
}
