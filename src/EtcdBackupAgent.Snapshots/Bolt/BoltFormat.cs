namespace EtcdBackupAgent.Snapshots.Bolt;

/// <summary>
/// The numbers of the bbolt file format, version 2; all integers are little-endian. Source: <c>internal/common</c> of
/// go.etcd.io/bbolt (<c>page.go</c>, <c>meta.go</c>, <c>bucket.go</c>).
/// </summary>
internal static class BoltFormat
{
    public const uint Magic = 0xED0CDAED;
    public const uint Version = 2;

    public const int PageHeaderBytes = 16;
    public const int ElementHeaderBytes = 16;
    public const int BucketHeaderBytes = 16;

    /// <summary>Bytes of a meta without the checksum that follows it.</summary>
    public const int MetaBytes = 56;

    /// <summary>The first page that is not a meta.</summary>
    public const ulong FirstDataPage = 2;

    /// <summary>The meta's freelist when none is stored: the free pages are those that nothing refers to.</summary>
    public const ulong NoFreelist = ulong.MaxValue;

    /// <summary>A freelist's count when the true count is its first number.</summary>
    public const ushort FreelistCountOverflow = ushort.MaxValue;

    /// <summary>A leaf element's flag: the value is a bucket.</summary>
    public const uint BucketElement = 1;

    public const int PageSizeBytesMin = 1 << 10;
    public const int PageSizeBytesMax = 1 << 24;

    /// <summary>
    /// Bytes of one page with its overflow that are taken into memory. The largest is that of the largest value: etcd refuses requests
    /// over 1.5 MiB unless <c>--max-request-bytes</c> says otherwise, and gRPC messages over 2 GiB.
    /// </summary>
    public const int PageSpanBytesMax = 128 << 20;

    /// <summary>
    /// Bytes of a branch with its overflow. bbolt splits a node that has more than four keys and does not fit a page, and a key has at
    /// most 32 KiB; so a sound branch that needs overflow pages has less than 256 KiB.
    /// </summary>
    public const int BranchSpanBytesMax = 1 << 20;

    /// <summary>Levels of a tree; one of 2^40 pages with a poor fill of 4 children each has 20.</summary>
    public const int TreeDepthMax = 64;
}

/// <summary>What a page holds, as its header's flags say.</summary>
[Flags]
internal enum BoltPageKinds : ushort
{
    None = 0,
    Branch = 0x01,
    Leaf = 0x02,
    Meta = 0x04,
    Freelist = 0x10,
}
