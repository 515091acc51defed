using System.Buffers.Binary;

namespace EtcdBackupAgent.Snapshots.Bolt;

/// <summary>
/// Looks at every page of a bbolt file once. Damage is reported and gone around, so that one look tells all of it. Memory: two bits
/// a page of the file, and one page of each level of a tree. Source: <c>tx_check.go</c> of go.etcd.io/bbolt, whose checks are all made;
/// what a page's writer guarantees beyond them (elements packed without gaps, zeroes after the last) is checked as well, because without
/// it a damaged count or size goes unseen.
/// </summary>
internal static class BoltCheck
{
    /// <param name="database">What to look at.</param>
    /// <param name="problemsMax">How many problems are told; the others are counted.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <remarks>1. The metas. 2. The freelist. 3. The buckets, from the root on. 4. The pages that nothing accounts for.</remarks>
    public static BoltCheckReport Run(BoltDatabase database, int problemsMax, CancellationToken cancellationToken)
    {
        BoltProblems problems = new(problemsMax);
        PageMap pages = new(database.Meta.HighWaterMark);

        // 1. The metas
        foreach (string problem in database.MetaProblems)
        {
            problems.AddWhole($"{problem}");
        }

        CheckMetaPages(database, pages, problems);

        // 2. The freelist, before the buckets: then each of their pages can be looked up in it
        bool isFreelistWhole = new BoltFreelistCheck(database, pages, problems).Run(cancellationToken);

        // 3. The buckets
        new BoltTreeCheck(database, pages, problems, cancellationToken).Run();

        // 4. The rest, which only a freelist tells from lost pages
        if (isFreelistWhole)
        {
            ReportUnknownPages(pages, problems);
        }

        return new BoltCheckReport
        {
            Problems = problems.Kept,
            ProblemCount = problems.Count,
            PagesUsed = pages.CountUsed(),
            PagesFree = pages.CountFree(),
        };
    }

    private static void CheckMetaPages(BoltDatabase database, PageMap pages, BoltProblems problems)
    {
        Span<byte> header = stackalloc byte[BoltFormat.PageHeaderBytes];
        for (ulong id = 0; id < Math.Min(BoltFormat.FirstDataPage, pages.Pages); id++)
        {
            pages.TryUse(id);
            database.ReadBytes(header, (long)id * database.PageSizeBytes);
            if (BinaryPrimitives.ReadUInt64LittleEndian(header) is var headerId && headerId != id)
            {
                problems.Add(id, $"it says to be page {headerId}");
            }

            var kind = (BoltPageKinds)BinaryPrimitives.ReadUInt16LittleEndian(header[8..]);
            if (kind != BoltPageKinds.Meta)
            {
                problems.Add(id, $"its type is 0x{(ushort)kind:x}, which is not that of a meta page");
            }

            if (header[10..].ContainsAnyExcept((byte)0))
            {
                problems.Add(id, "it is a meta page, and says to have elements or overflow pages");
            }
        }

        if (pages.Pages <= BoltFormat.FirstDataPage)
        {
            problems.AddWhole($"the metas say that the database has only {pages.Pages} pages, which leaves none for the buckets");
        }
    }

    private static void ReportUnknownPages(PageMap pages, BoltProblems problems)
    {
        ulong next = 0;
        while (pages.TryFindUnknown(ref next, out ulong first))
        {
            if (next - first == 1)
            {
                problems.Add(first, "nothing refers to it, and it is not in the freelist");
            }
            else
            {
                problems.AddWhole($"pages {first} to {next - 1}: nothing refers to them, and they are not in the freelist");
            }
        }
    }
}
