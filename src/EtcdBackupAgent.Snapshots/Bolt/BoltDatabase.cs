using Microsoft.Win32.SafeHandles;

namespace EtcdBackupAgent.Snapshots.Bolt;

/// <summary>
/// A bbolt database, read with random access. For any size, at most one page of each level of a tree is in memory. The
/// database must not change while it is read. One cursor must not be used in parallel; several cursors may be.
/// </summary>
internal sealed class BoltDatabase
{
    /// <summary>The bytes of a meta page that are read: header, meta, checksum.</summary>
    private const int MetaPageBytes = BoltFormat.PageHeaderBytes + BoltFormat.MetaBytes + sizeof(ulong);

    /// <summary>The most that <see cref="ReadPage"/> reads before it knows the size of a page.</summary>
    private const int ExpectedBytesMax = 1 << 16;

    private readonly IPageSource _pages;

    private BoltDatabase(IPageSource pages, long sizeBytes, BoltMeta meta, IReadOnlyList<string> metaProblems)
    {
        _pages = pages;
        SizeBytes = sizeBytes;
        Meta = meta;
        MetaProblems = metaProblems;
    }

    /// <summary>The size of the database, without the trailer of a snapshot.</summary>
    public long SizeBytes { get; }

    /// <summary>The newest valid meta.</summary>
    public BoltMeta Meta { get; }

    /// <summary>The problems of the other meta, which a valid file has too; empty if there are none.</summary>
    public IReadOnlyList<string> MetaProblems { get; }

    public int PageSizeBytes => Meta.PageSizeBytes;

    /// <summary>Opens a database in a plain file.</summary>
    /// <param name="file">The file, open for random access. The caller keeps ownership.</param>
    /// <param name="sizeBytes">The size of the database; the file may be longer.</param>
    /// <inheritdoc cref="Open(IPageSource, long)" path="/exception"/>
    public static BoltDatabase Open(SafeFileHandle file, long sizeBytes) => Open(new FilePages(file), sizeBytes);

    /// <summary>Opens a database and chooses the newest valid meta.</summary>
    /// <param name="pages">The bytes of the database.</param>
    /// <param name="sizeBytes">The size of the database; the source may be longer.</param>
    /// <exception cref="SnapshotDamagedException">
    /// Neither meta is valid, or the file is shorter than the meta says.
    /// </exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static BoltDatabase Open(IPageSource pages, long sizeBytes)
    {
        BoltMeta? first = ReadMeta(pages, sizeBytes, 0, out string? firstProblem);
        BoltMeta? second = first is not null
            ? ReadMeta(pages, sizeBytes, first.PageSizeBytes, out string? secondProblem)
            : FindSecondMeta(pages, sizeBytes, out secondProblem);
        if (first is not null && second is not null && second.PageSizeBytes != first.PageSizeBytes)
        {
            secondProblem = $"its page size is {second.PageSizeBytes}, but that of page 0 is {first.PageSizeBytes}";
            second = null;
        }

        BoltMeta meta = (first, second) switch
        {
            (null, null) => throw new SnapshotDamagedException(
                $"This is not an etcd database: page 0: {firstProblem}; page 1: {secondProblem}."),
            (not null, null) => first,
            (null, not null) => second,
            // Like bbolt, take the first of two equal metas.
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
                $"The database has {meta.HighWaterMark} pages of {meta.PageSizeBytes} bytes, "
                + $"but the file has only {sizeBytes} bytes.");
        }

        return new BoltDatabase(pages, sizeBytes, meta, problems);
    }

    /// <summary>Returns a cursor over the named buckets.</summary>
    public BoltCursor Root() => new(this, Meta.Root);

    /// <summary>Returns a cursor over the elements of a bucket, or null if the bucket does not exist.</summary>
    public BoltCursor? Bucket(ReadOnlySpan<byte> name)
    {
        BoltCursor root = Root();
        return root.Seek(name) && root.Key.SequenceEqual(name) && root.IsBucket ? root.OpenBucket() : null;
    }

    /// <summary>Whether the database has a page with this number that may contain elements or the freelist.</summary>
    public bool HasPage(ulong id) => id >= BoltFormat.FirstDataPage && id < Meta.HighWaterMark;

    /// <summary>
    /// Reads a page and its overflow; with one request if it is not larger than the one that was in the buffer. Checks
    /// only its bounds, not its content.
    /// </summary>
    /// <exception cref="SnapshotDamagedException">
    /// The page is outside the database, or is larger than the limit.
    /// </exception>
    public void ReadPage(ulong id, BoltPage page)
    {
        if (!HasPage(id))
        {
            throw new SnapshotDamagedException(
                $"page {id}: it is referred to, but is outside the database's {Meta.HighWaterMark} pages");
        }

        long bytesMax = Math.Min(ExpectedBytesMax, SizeBytes - ((long)id * PageSizeBytes));
        int expectedBytes = (int)Math.Clamp(page.Bytes.Length, PageSizeBytes, Math.Max(PageSizeBytes, bytesMax));
        expectedBytes -= expectedBytes % PageSizeBytes;
        ReadBytes(page.Resize(expectedBytes, 0), (long)id * PageSizeBytes);
        page.SetId(id, PageSizeBytes);
        if (FindOverflowProblem(page) is { } problem)
        {
            throw new SnapshotDamagedException($"page {id}: {problem}");
        }

        ReadOverflow(page, expectedBytes);
    }

    /// <summary>Reads a page without its overflow. The database must have the page (<see cref="HasPage"/>).</summary>
    public void ReadFirstPage(ulong id, BoltPage page)
    {
        ReadBytes(page.Resize(PageSizeBytes, 0), (long)id * PageSizeBytes);
        page.SetId(id, PageSizeBytes);
    }

    /// <summary>Returns the reason why a page's overflow cannot be read, or null if it can be read.</summary>
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
            ? $"with its overflow it has {length} bytes, more than the limit of {lengthMax}"
            : null;
    }

    /// <summary>
    /// Reads a page's overflow after its first page. <see cref="FindOverflowProblem"/> must have found no problem.
    /// </summary>
    public void ReadOverflow(BoltPage page)
    {
        if (page.Overflow > 0)
        {
            ReadOverflow(page, PageSizeBytes);
        }
    }

    /// <summary>Reads the rest of a page, and cuts off what does not belong to it.</summary>
    private void ReadOverflow(BoltPage page, int readBytes)
    {
        int wholeBytes = (int)((page.Overflow + 1L) * PageSizeBytes);
        Span<byte> whole = page.Resize(wholeBytes, Math.Min(readBytes, wholeBytes));
        if (wholeBytes > readBytes)
        {
            ReadBytes(whole[readBytes..], ((long)page.Id * PageSizeBytes) + readBytes);
        }
    }

    /// <summary>Reads bytes at an offset.</summary>
    /// <exception cref="IOException">The bytes cannot be read, or the source ends too early.</exception>
    public void ReadBytes(Span<byte> bytes, long offset) => _pages.ReadExactly(bytes, offset);

    private static BoltMeta? ReadMeta(IPageSource pages, long sizeBytes, long offset, out string? problem)
    {
        Span<byte> bytes = stackalloc byte[MetaPageBytes];
        if (offset + MetaPageBytes > sizeBytes)
        {
            problem = "the file ends before it";
            return null;
        }

        pages.ReadExactly(bytes, offset);
        return BoltMeta.Read(bytes, out problem);
    }

    /// <summary>
    /// Finds the second meta without the first. The page size and so the offset are then unknown, so this tries every
    /// size.
    /// </summary>
    private static BoltMeta? FindSecondMeta(IPageSource pages, long sizeBytes, out string? problem)
    {
        problem = "it cannot be found because page 0 does not contain the page size";
        for (long size = BoltFormat.PageSizeBytesMin; size <= BoltFormat.PageSizeBytesMax; size <<= 1)
        {
            if (ReadMeta(pages, sizeBytes, size, out _) is { } meta && meta.PageSizeBytes == size)
            {
                problem = null;
                return meta;
            }
        }

        return null;
    }
}
