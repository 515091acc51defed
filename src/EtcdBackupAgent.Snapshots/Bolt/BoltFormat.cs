namespace EtcdBackupAgent.Snapshots.Bolt;

/// <summary>
/// The constants of the bbolt file format, version 2. All integers are little-endian. Source: <c>internal/common</c> of
/// go.etcd.io/bbolt (<c>page.go</c>, <c>meta.go</c>, <c>bucket.go</c>).
/// </summary>
internal static class BoltFormat
{
    public const uint Magic = 0xED0CDAED;
    public const uint Version = 2;

    public const int PageHeaderBytes = 16;
    public const int ElementHeaderBytes = 16;
    public const int BucketHeaderBytes = 16;

    /// <summary>The size of a meta without the checksum that follows it.</summary>
    public const int MetaBytes = 56;

    /// <summary>The first page that is not a meta.</summary>
    public const ulong FirstDataPage = 2;

    /// <summary>
    /// The value of the meta's freelist if no freelist is stored. The unreachable pages are then the free ones.
    /// </summary>
    public const ulong NoFreelist = ulong.MaxValue;

    /// <summary>The count of a freelist whose first number is the real count.</summary>
    public const ushort FreelistCountOverflow = ushort.MaxValue;

    /// <summary>The flag of a leaf element whose value is a bucket.</summary>
    public const uint BucketElement = 1;

    public const int PageSizeBytesMin = 1 << 10;
    public const int PageSizeBytesMax = 1 << 24;

    /// <summary>
    /// The largest page with its overflow that is read into memory. The largest value determines the size of the
    /// largest page: etcd refuses requests over 1.5 MiB unless <c>--max-request-bytes</c> sets another limit, and gRPC
    /// messages over 2 GiB.
    /// </summary>
    public const int PageSpanBytesMax = 128 << 20;

    /// <summary>
    /// The largest branch with its overflow. bbolt splits a node that has more than four keys and does not fit a page,
    /// and a key has at most 32 KiB. So a valid branch with overflow pages has less than 256 KiB.
    /// </summary>
    public const int BranchSpanBytesMax = 1 << 20;

    /// <summary>The most levels of a tree. A tree of 2^40 pages with only 4 children in each branch has 20.</summary>
    public const int TreeDepthMax = 64;
}

/// <summary>The type of a page: the flags of its header.</summary>
[Flags]
internal enum BoltPageKinds : ushort
{
    None = 0,
    Branch = 0x01,
    Leaf = 0x02,
    Meta = 0x04,
    Freelist = 0x10,
}
