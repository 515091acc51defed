using System.Diagnostics;
using System.Text;
using EtcdBackupAgent.Snapshots;
using EtcdBackupAgent.Snapshots.Bolt;
using EtcdBackupAgent.Snapshots.Revisions;
using Xunit;

namespace EtcdBackupAgent.Tests.Snapshots.Bolt;

/// <summary>The smallest and largest page sizes, freelists and files.</summary>
public sealed class BoltSizeTests
{
    private static readonly WrittenBucket Bucket = new(
        "key", 0, [.. Enumerable.Range(0, 100).Select(i => (Encoding.ASCII.GetBytes($"{i:d17}"), new byte[i * 10]))]);

    [Theory]
    [InlineData(1 << 10)]
    [InlineData(1 << 16)]
    public void Without_the_first_meta_the_page_size_is_read_from_the_second(int pageSizeBytes)
    {
        using DamagedFile file = Written(pageSizeBytes);
        file.Write(0, new byte[80]);
        Assert.Equal(pageSizeBytes, file.Open().PageSizeBytes);
        Assert.Contains("page 0: it has no bbolt signature", file.Problems(CancellationToken.None));
        Assert.Equal(Bucket, Assert.Single(WrittenDatabase.ReadFile(file.Path)));
    }

    [Theory]
    [InlineData(1 << 10)]
    [InlineData(1 << 16)]
    public void A_file_with_two_damaged_metas_is_not_a_database(int pageSizeBytes)
    {
        using DamagedFile file = Written(pageSizeBytes);
        file.Write(16, [1]);
        file.Write(pageSizeBytes + 40, [0xFF]);
        SnapshotDamagedException damage = Assert.Throws<SnapshotDamagedException>(file.Open);
        Assert.Contains(
            "page 0: it has no bbolt signature; page 1: it cannot be found", damage.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 0, null)]
    [InlineData(1, 0, "it is unreachable, and it is not in the freelist")]
    [InlineData(0, 1, "it lists page")]
    public void A_freelist_whose_count_does_not_fit_its_header_is_read(int missing, int twice, string? problem)
    {
        using DamagedFile file = Written(1 << 10);
        BoltMeta meta = file.Open().Meta;
        ulong list = meta.HighWaterMark;
        const int Free = 70_000;
        int listPages = StoredFreelist.Page(list, 1 << 10, new ulong[Free]).Length >> 10;
        ulong end = list + (ulong)(listPages + Free);
        ulong[] free =
        [
            .. StoredFreelist.FreePages(file.Open()),
            .. Enumerable.Range(0, Free).Select(i => end - (ulong)(Free - i)),
        ];
        ulong[] listed = [.. free.Skip(missing), .. free.TakeLast(twice)];
        file.Extend((long)end << 10);
        file.Write((long)list << 10, StoredFreelist.Page(list, 1 << 10, listed));
        file.WriteMetas(meta with { Freelist = list, HighWaterMark = end });

        BoltCheckReport report = BoltCheck.Run(file.Open(), 5, CancellationToken.None);
        Assert.Equal((ulong)(free.Length - missing), report.PagesFree);
        Assert.Equal(problem is null ? 0 : 1, report.Problems.Count);
        Assert.Contains(problem ?? "", string.Join("", report.Problems), StringComparison.Ordinal);
    }

    [Fact]
    public void A_database_of_40_GB_with_few_pages_needs_little_memory_and_time()
    {
        const long SizeBytes = 40_000_000_000 / 4096 * 4096;
        const int AllocatedBytesMax = 4 << 20;
        using DamagedFile file = Written(4096);
        BoltMeta meta = file.Open().Meta;
        ulong last = (SizeBytes / 4096) - 1;

        // Move the root to the end of the file.
        byte[] root = file.Bytes.AsSpan((int)meta.Root * 4096, 4096).ToArray();
        BitConverter.TryWriteBytes(root, last);
        file.Extend(SizeBytes);
        file.Write((long)last * 4096, root);
        file.WriteMetas(meta with { Root = last, HighWaterMark = last + 1, Freelist = BoltFormat.NoFreelist });

        long before = GC.GetAllocatedBytesForCurrentThread();
        long start = Stopwatch.GetTimestamp();
        BoltDatabase database = file.Open();
        BoltCheckReport report = BoltCheck.Run(database, 5, CancellationToken.None);
        RevisionReader reader = RevisionReader.OpenRequired(database);
        int records = 0;
        while (reader.MoveNext())
        {
            records++;
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 1, AllocatedBytesMax);
        Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.Zero, TimeSpan.FromSeconds(5));
        Assert.Empty(report.Problems);
        Assert.Equal(last + 1, report.PagesUsed + report.PagesFree);
        Assert.Equal(Bucket.Elements.Count, records);
    }

    private static DamagedFile Written(int pageSizeBytes)
    {
        using WrittenDatabase written = new(pageSizeBytes, [Bucket]);
        return new DamagedFile(written.ReadBytes());
    }
}
