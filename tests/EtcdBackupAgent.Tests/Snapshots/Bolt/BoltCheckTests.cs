using EtcdBackupAgent.Snapshots.Bolt;
using EtcdBackupAgent.Tests.Snapshots.Revisions;
using Xunit;

namespace EtcdBackupAgent.Tests.Snapshots.Bolt;

public sealed class BoltCheckTests
{
    [Theory]
    [InlineData(1 << 10)]
    [InlineData(1 << 12)]
    [InlineData(1 << 14)]
    [InlineData(1 << 16)]
    public void Databases_of_every_page_size_are_valid(int pageSizeBytes)
    {
        Random random = new(pageSizeBytes);
        for (int i = 0; i < 5; i++)
        {
            using WrittenDatabase written = new(
                pageSizeBytes,
                [RandomBuckets.Make(random, "a", pageSizeBytes), RandomBuckets.Make(random, "b", pageSizeBytes)]);
            Assert.Empty(BoltCheck.Run(written.Database, 5, CancellationToken.None).Problems);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void With_one_damaged_meta_the_other_is_read_and_the_damage_is_reported(int page)
    {
        using DamagedFile file = new("etcd-3.5.db.zst");
        ulong root = file.Open().Meta.Root;
        file.Write((page * 4096L) + 40, [0xFF]);
        Assert.Equal(root, file.Open().Meta.Root);
        Assert.Equal([$"page {page}: its checksum is wrong"], file.Problems(CancellationToken.None));
    }

    [Fact]
    public void Problems_beyond_the_limit_are_counted()
    {
        using DamagedFile file = new("etcd-3.5.db.zst");
        file.Write(0, [9]);
        file.Write(4096, [9]);
        BoltCheckReport report = BoltCheck.Run(file.Open(), 1, CancellationToken.None);
        Assert.Equal(["page 0: its header has page number 9"], report.Problems);
        Assert.Equal(2, report.ProblemCount);
    }

    [Fact]
    public void A_freelist_is_checked_against_the_pages_in_use()
    {
        using DamagedFile file = new("etcd-3.5.db.zst");
        ulong free = WithFreelist(file, missing: 0, more: []);
        Assert.Empty(file.Problems(CancellationToken.None));

        WithFreelist(file, missing: 1, more: []);
        Assert.Contains(
            "it is unreachable", Assert.Single(file.Problems(CancellationToken.None)), StringComparison.Ordinal);

        WithFreelist(file, missing: 0, more: [file.Open().Meta.Root]);
        Assert.Contains(
            file.Problems(CancellationToken.None), p => p.Contains("it is in the freelist", StringComparison.Ordinal));

        WithFreelist(file, missing: 0, more: [free, 1_000_000]);
        Assert.Equal(
            [
                $"page {free}: it is part of the freelist, but is also listed in it as free",
                $"page {free}: it lists page 1000000",
            ],
            file.Problems(CancellationToken.None).Where(p => !p.Contains("after page", StringComparison.Ordinal))
                .Select(p => p.Split(", which")[0]));
    }

    [Theory]
    [InlineData('g', 'h', "its last key is not below the key of its neighbour in a page above")]
    [InlineData('g', 'z', "its last key is not below the key of its neighbour in a page above")]
    [InlineData('h', 'a', "its first key is below its key in the page above")]
    public void The_first_and_the_last_key_of_a_page_are_checked_against_the_page_above(char key, char by, string fact)
    {
        // Two leaves, of a to g and of h to n, below a branch.
        using DamagedFile file = new(
            BoltFile.Bytes(("key", "abcdefghijklmn".Select(c => ((byte[])[(byte)c], (byte[])[])))));
        Assert.Empty(BoltCheck.Run(file.Open(), 5, CancellationToken.None).Problems);
        BoltField field = BoltFields.Of(file.Open()).Single(
            f => f.Structure == BoltStructure.RevisionKey && file.Bytes[f.Offset] == key);

        file.Write(field.Offset, [(byte)by]);

        string problem = Assert.Single(BoltCheck.Run(file.Open(), 5, CancellationToken.None).Problems);
        Assert.EndsWith(fact, problem, StringComparison.Ordinal);
    }

    /// <summary>Stores a freelist of the free pages in the first of them.</summary>
    private static ulong WithFreelist(DamagedFile file, int missing, ulong[] more)
    {
        file.Restore(0, file.Bytes.Length);
        BoltDatabase database = file.Open();
        ulong[] free = StoredFreelist.FreePages(database);
        byte[] page = StoredFreelist.Page(free[0], database.PageSizeBytes, [.. free.Skip(1 + missing), .. more]);
        file.Write((long)free[0] * database.PageSizeBytes, page);
        file.WriteMetas(database.Meta with { Freelist = free[0] });
        return free[0];
    }
}
