using System.Buffers.Binary;

namespace EtcdBackupAgent.Snapshots.Bolt;

/// <summary>
/// Checks every page of a bbolt file once. The check continues after damage, so one pass reports all of it. Memory: two
/// bits for each page of the file, and one page for each level of a tree. Source: <c>tx_check.go</c> of
/// go.etcd.io/bbolt; all its checks are included. This check also requires what the writer of a page guarantees
/// (elements without gaps, zeros after the last one), because otherwise a damaged count or size is not detected.
/// </summary>
internal static class BoltCheck
{
    /// <summary>Checks a database.</summary>
    /// <param name="database">The database to check.</param>
    /// <param name="problemsMax">The most problems that are reported; further ones are only counted.</param>
    /// <param name="cancellationToken">Cancels the check.</param>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <remarks>
    /// 1. The metas. 2. The freelist. 3. The buckets, starting at the root bucket. 4. The pages that are neither
    /// reachable nor free.
    /// </remarks>
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

        // 2. The freelist, before the buckets: so each of their pages can be compared with it
        bool isFreelistComplete = new BoltFreelistCheck(database, pages, problems).Run(cancellationToken);

        // 3. The buckets
        new BoltTreeCheck(database, pages, problems, cancellationToken).Run();

        // 4. The remaining pages: only with a freelist can lost pages be distinguished from free ones
        if (isFreelistComplete)
        {
            ReportUnreachablePages(pages, problems);
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
                problems.Add(id, $"its header has page number {headerId}");
            }

            var kind = (BoltPageKinds)BinaryPrimitives.ReadUInt16LittleEndian(header[8..]);
            if (kind != BoltPageKinds.Meta)
            {
                problems.Add(id, $"its type is 0x{(ushort)kind:x}, which is not the type of a meta page");
            }

            if (header[10..].ContainsAnyExcept((byte)0))
            {
                problems.Add(id, "it is a meta page, but its header has elements or overflow pages");
            }
        }

        if (pages.Pages <= BoltFormat.FirstDataPage)
        {
            problems.AddWhole(
                $"according to the metas the database has only {pages.Pages} pages, which leaves none for the buckets");
        }
    }

    private static void ReportUnreachablePages(PageMap pages, BoltProblems problems)
    {
        ulong next = 0;
        while (pages.TryFindUnreachable(ref next, out ulong first))
        {
            if (next - first == 1)
            {
                problems.Add(first, "it is unreachable, and it is not in the freelist");
            }
            else
            {
                problems.AddWhole(
                    $"pages {first} to {next - 1}: they are unreachable, and they are not in the freelist");
            }
        }
    }
}
