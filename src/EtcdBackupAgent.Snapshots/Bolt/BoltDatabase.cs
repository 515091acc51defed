using Microsoft.Win32.SafeHandles;

namespace EtcdBackupAgent.Snapshots.Bolt;

/// <summary>
/// A bbolt database file, read with random access: at most a page of each level of a tree is in memory, whatever the file's size. The
/// file must not change meanwhile. Not for parallel use of one cursor; several cursors may be used in parallel.
/// </summary>
internal sealed class BoltDatabase
{
    /// <summary>Bytes of a meta page that matter: header, meta, checksum.</summary>
    private const int MetaPageBytes = BoltFormat.PageHeaderBytes + BoltFormat.MetaBytes + sizeof(ulong);

    private readonly SafeFileHandle _file;

    private BoltDatabase(SafeFileHandle file, long sizeBytes, BoltMeta meta, IReadOnlyList<string> metaProblems)
    {
        _file = file;
        SizeBytes = sizeBytes;
        Meta = meta;
        MetaProblems = metaProblems;
    }

    /// <summary>Bytes of the file that are the database; a snapshot's trailer is not.</summary>
    public long SizeBytes { get; }

    /// <summary>The newest valid meta.</summary>
    public BoltMeta Meta { get; }

    /// <summary>What is wrong with the other meta, which a sound file has as well; empty if nothing is.</summary>
    public IReadOnlyList<string> MetaProblems { get; }

    public int PageSizeBytes => Meta.PageSizeBytes;

    /// <summary>Chooses the newest valid meta.</summary>
    /// <param name="file">Open for random access; stays the caller's.</param>
    /// <param name="sizeBytes">Bytes of the database; the file may be longer.</param>
    /// <exception cref="SnapshotDamagedException">Neither meta is valid, or the file is shorter than the meta says.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static BoltDatabase Open(SafeFileHandle file, long sizeBytes)
    {
        BoltMeta? first = ReadMeta(file, sizeBytes, 0, out string? firstProblem);
        BoltMeta? second = first is not null
            ? ReadMeta(file, sizeBytes, first.PageSizeBytes, out string? secondProblem)
            : FindSecondMeta(file, sizeBytes, out secondProblem);
        if (first is not null && second is not null && second.PageSizeBytes != first.PageSizeBytes)
        {
            secondProblem = $"its page size is {second.PageSizeBytes}, and that of page 0 is {first.PageSizeBytes}";
            second = null;
        }

        BoltMeta meta = (first, second) switch
        {
            (null, null) => throw new SnapshotDamagedException(
                $"This is no etcd database: of page 0, {firstProblem}; of page 1, {secondProblem}."),
            (not null, null) => first,
            (null, not null) => second,
            // As bbolt does: of two that are equal, the first.
            _ => second.TransactionId > first.TransactionId ? second : first,
        };
        List<string> problems = [];
        if (first is null)
        {
            problems.Add($"page 0: {firstProblem}");
        }

        if (second is null)
        {
            problems.Add($"page 1: {secondProblem}");
        }

        if (meta.HighWaterMark > (ulong)(sizeBytes / meta.PageSizeBytes))
        {
            throw new SnapshotDamagedException(
                $"The database has {meta.HighWaterMark} pages of {meta.PageSizeBytes} bytes, and the file has {sizeBytes} bytes only.");
        }

        return new BoltDatabase(file, sizeBytes, meta, problems);
    }

    /// <summary>A cursor over the named buckets.</summary>
    public BoltCursor Root() => new(this, Meta.Root);

    /// <summary>A cursor over the elements of a bucket; null if there is no such bucket.</summary>
    public BoltCursor? Bucket(ReadOnlySpan<byte> name)
    {
        BoltCursor root = Root();
        return root.Seek(name) && root.Key.SequenceEqual(name) && root.IsBucket ? root.OpenBucket() : null;
    }

    /// <summary>Whether a number is that of a page that may hold elements or the freelist.</summary>
    public bool HasPage(ulong id) => id >= BoltFormat.FirstDataPage && id < Meta.HighWaterMark;

    /// <summary>Reads a page and its overflow. Only where it lies is checked, not what is in it.</summary>
    /// <exception cref="SnapshotDamagedException">It does not lie within the database, or is larger than can be read.</exception>
    public void ReadPage(ulong id, BoltPage page)
    {
        if (!HasPage(id))
        {
            throw new SnapshotDamagedException(
                $"page {id}: it is referred to, and lies outside of the database's {Meta.HighWaterMark} pages");
        }

        ReadFirstPage(id, page);
        if (FindOverflowProblem(page) is { } problem)
        {
            throw new SnapshotDamagedException($"page {id}: {problem}");
        }

        ReadOverflow(page);
    }

    /// <summary>Reads a page that the database has (<see cref="HasPage"/>), without its overflow.</summary>
    public void ReadFirstPage(ulong id, BoltPage page)
    {
        ReadBytes(page.Resize(PageSizeBytes, 0), (long)id * PageSizeBytes);
        page.SetId(id);
    }

    /// <summary>Why a page's overflow cannot be read; null if it can.</summary>
    public string? FindOverflowProblem(BoltPage page)
    {
        if (page.Overflow == 0)
        {
            return null;
        }

        if (page.Overflow >= Meta.HighWaterMark - page.Id)
        {
            return $"its {page.Overflow} overflow pages reach past the database's end";
        }

        long length = (page.Overflow + 1L) * PageSizeBytes;
        int lengthMax = page.IsBranch ? BoltFormat.BranchSpanBytesMax : BoltFormat.PageSpanBytesMax;
        return length > lengthMax
            ? $"with its overflow it has {length} bytes, more than the {lengthMax} that are read"
            : null;
    }

    /// <summary>Adds a page's overflow, with which nothing is wrong (<see cref="FindOverflowProblem"/>), to its first page.</summary>
    public void ReadOverflow(BoltPage page)
    {
        if (page.Overflow > 0)
        {
            Span<byte> whole = page.Resize((int)((page.Overflow + 1L) * PageSizeBytes), PageSizeBytes);
            ReadBytes(whole[PageSizeBytes..], ((long)page.Id + 1) * PageSizeBytes);
        }
    }

    /// <summary>Fills the memory with the file's bytes from an offset on.</summary>
    /// <exception cref="IOException">The file cannot be read, or ends before.</exception>
    public void ReadBytes(Span<byte> bytes, long offset) => ReadExactly(_file, bytes, offset);

    private static BoltMeta? ReadMeta(SafeFileHandle file, long sizeBytes, long offset, out string? problem)
    {
        Span<byte> bytes = stackalloc byte[MetaPageBytes];
        if (offset + MetaPageBytes > sizeBytes)
        {
            problem = "the file ends before it";
            return null;
        }

        ReadExactly(file, bytes, offset);
        return BoltMeta.Read(bytes, out problem);
    }

    /// <summary>Without the first meta the page size is not known, and so neither where the second begins: every size is tried.</summary>
    private static BoltMeta? FindSecondMeta(SafeFileHandle file, long sizeBytes, out string? problem)
    {
        problem = "it cannot be found, since page 0 does not tell the page size";
        for (long size = BoltFormat.PageSizeBytesMin; size <= BoltFormat.PageSizeBytesMax; size <<= 1)
        {
            if (ReadMeta(file, sizeBytes, size, out _) is { } meta && meta.PageSizeBytes == size)
            {
                problem = null;
                return meta;
            }
        }

        return null;
    }

    private static void ReadExactly(SafeFileHandle file, Span<byte> bytes, long offset)
    {
        while (!bytes.IsEmpty)
        {
            int read = RandomAccess.Read(file, bytes, offset);
            if (read == 0)
            {
                throw new EndOfStreamException($"The database file ends at byte {offset} while it is read.");
            }

            bytes = bytes[read..];
            offset += read;
        }
    }
}
