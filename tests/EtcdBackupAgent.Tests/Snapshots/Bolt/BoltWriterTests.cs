using System.Text;
using EtcdBackupAgent.Snapshots.Bolt;
using EtcdBackupAgent.Testing.Directories;
using Xunit;

namespace EtcdBackupAgent.Tests.Snapshots.Bolt;

public sealed class BoltWriterTests
{
    [Fact]
    public void Written_buckets_are_read_back_with_any_sizes_of_pages_keys_and_values()
    {
        for (int seed = 0; seed < 150; seed++)
        {
            Random random = new(seed);
            int pageSizeBytes = 1024 << random.Next(7);
            List<WrittenBucket> buckets = [.. Enumerable.Range(0, random.Next(6))
                .Select(i => RandomBuckets.Make(random, $"bucket {i}", pageSizeBytes))];
            using WrittenDatabase written = new(pageSizeBytes, buckets);

            Assert.True(buckets.SequenceEqual(written.Read()), $"seed {seed}");
            Assert.True(written.Database.Meta.HighWaterMark == written.ReachablePages() + 3, $"seed {seed}");
            Assert.True(written.SizeBytes == written.Database.SizeBytes, $"seed {seed}");
        }
    }

    [Fact]
    public void A_tree_of_many_small_elements_has_full_pages()
    {
        List<(byte[] Key, byte[] Value)> elements = [.. Enumerable.Range(0, 100_000)
            .Select(i => (Encoding.ASCII.GetBytes($"{i:d17}"), new byte[100]))];
        using WrittenDatabase written = new(4096, [new WrittenBucket("key", 0, elements)]);

        long bytes = elements.Sum(
            element => (long)BoltFormat.ElementHeaderBytes + element.Key.Length + element.Value.Length);
        Assert.InRange(written.SizeBytes, bytes, bytes * 100 / 86);
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(975, true)]
    [InlineData(976, false)]
    public void A_bucket_is_inline_up_to_a_quarter_of_a_page(int valueBytes, bool inline)
    {
        // The page's header, the element's header and a key of 17 bytes take 49 of 1024 bytes.
        WrittenBucket bucket = new("b", 0, valueBytes == 0 ? [] : [(new byte[17], new byte[valueBytes])]);
        using WrittenDatabase written = new(4096, [bucket]);

        Assert.Equal(inline ? 4UL : 5UL, written.Database.Meta.HighWaterMark);
        Assert.Equal([bucket], written.Read());
    }

    [Fact]
    public void Buckets_may_be_written_in_any_order()
    {
        WrittenBucket[] buckets = [new("b", 7, [([1], [2])]), new("a", 0, []), new("c", 1, [([3], new byte[9000])])];
        using WrittenDatabase written = new(4096, buckets);

        Assert.Equal(buckets.OrderBy(bucket => bucket.Name, StringComparer.Ordinal), written.Read());
    }

    [Fact]
    public void Both_metas_are_valid_and_the_newer_has_the_requested_transaction()
    {
        using WrittenDatabase written = new(4096, [], transactionId: 41);

        Assert.Equal(41UL, written.Database.Meta.TransactionId);
        Assert.Empty(written.Database.MetaProblems);
    }

    [Theory]
    [InlineData("b", "a")]
    [InlineData("a", "a")]
    [InlineData("", "")]
    public void Keys_that_are_not_in_order_are_refused(string first, string second)
    {
        using TestDirectory directory = new();
        using FileStream file = File.Create(directory["db"]);
        using BoltWriter writer = new(file.SafeFileHandle, 4096);
        writer.BeginBucket("bucket"u8, 0);

        Assert.Throws<ArgumentException>(() =>
        {
            writer.Add(Encoding.ASCII.GetBytes(first), []);
            writer.Add(Encoding.ASCII.GetBytes(second), []);
        });
    }

    [Fact]
    public void The_order_of_keys_is_checked_across_pages()
    {
        using TestDirectory directory = new();
        using FileStream file = File.Create(directory["db"]);
        using BoltWriter writer = new(file.SafeFileHandle, 1024);
        writer.BeginBucket("bucket"u8, 0);
        writer.Add([5], new byte[1000]);

        Assert.Throws<ArgumentException>(() => writer.Add([5], new byte[1000]));
        Assert.Throws<ArgumentException>(() => writer.Add([4], new byte[1000]));
        writer.Add([6], new byte[1000]);
    }

    [Fact]
    public void A_bucket_cannot_be_written_twice_or_within_another()
    {
        using TestDirectory directory = new();
        using FileStream file = File.Create(directory["db"]);
        using BoltWriter writer = new(file.SafeFileHandle, 4096);

        Assert.Throws<InvalidOperationException>(writer.EndBucket);
        writer.BeginBucket("bucket"u8, 0);
        Assert.Throws<InvalidOperationException>(() => writer.BeginBucket("other"u8, 0));
        writer.EndBucket();
        Assert.Throws<ArgumentException>(() => writer.BeginBucket("bucket"u8, 0));
    }

    [Fact]
    public void A_file_that_is_not_finished_is_not_a_database()
    {
        using TestDirectory directory = new();
        using FileStream file = new(directory["db"], FileMode.Create, FileAccess.ReadWrite);
        using (BoltWriter writer = new(file.SafeFileHandle, 4096))
        {
            writer.BeginBucket("bucket"u8, 0);
            writer.Add("key"u8, new byte[5_000_000]);
            writer.EndBucket();
        }

        Assert.True(file.Length > 4_000_000);
        Assert.Throws<EtcdBackupAgent.Snapshots.SnapshotDamagedException>(
            () => BoltDatabase.Open(file.SafeFileHandle, file.Length));
    }
}
