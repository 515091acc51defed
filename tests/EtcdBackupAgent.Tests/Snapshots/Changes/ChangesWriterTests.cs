using System.Buffers.Binary;
using EtcdBackupAgent.Snapshots.Bolt;
using EtcdBackupAgent.Snapshots.Changes;
using EtcdBackupAgent.Tests.Snapshots.Bolt;
using Xunit;

namespace EtcdBackupAgent.Tests.Snapshots.Changes;

public sealed class ChangesWriterTests
{
    private static readonly WrittenBucket Meta = new("meta", 0, []);

    [Fact]
    public async Task A_database_without_the_bucket_of_keys_is_refused()
    {
        using WrittenDatabase file = new(4096, [Meta]);

        await AssertRefusedAsync(file.Database, ChangesRefusal.NoKeyBucket, "no bucket 'key'");
    }

    [Fact]
    public async Task A_key_that_is_not_a_revision_is_refused()
    {
        using WrittenDatabase file = Databases.Of([Databases.Put(2), ("not a revision"u8.ToArray(), [])]);

        await AssertRefusedAsync(file.Database, ChangesRefusal.NotRecord, "is not a revision");
    }

    [Fact]
    public async Task A_value_that_is_not_a_record_is_refused()
    {
        using WrittenDatabase file = Databases.Of([Databases.Put(2), (Databases.Put(3).Key, [0xFF])]);

        await AssertRefusedAsync(file.Database, ChangesRefusal.NotRecord, "revision 3 is not a key-value record");
    }

    [Fact]
    public async Task A_revision_that_occurs_twice_is_refused()
    {
        (byte[] key, byte[] value) = Databases.Put(2);
        using WrittenDatabase file = Databases.Of([(key, value), ([.. key, (byte)'t'], value)]);

        await AssertRefusedAsync(file.Database, ChangesRefusal.NotRecord, "revision 2 occurs twice");
    }

    [Fact]
    public async Task Revisions_that_are_too_far_apart_are_refused()
    {
        const long farthest = 2 + ChangesFormat.MainDifferenceMax;
        using WrittenDatabase near = Databases.OfRevisions([2, farthest]);
        using WrittenDatabase far = Databases.OfRevisions([2, farthest + 1]);

        Assert.Equal(farthest, (await WriteAsync(near.Database)).LastRevision);
        await AssertRefusedAsync(far.Database, ChangesRefusal.LimitExceeded, "is too far above the previous one, 2");
    }

    [Fact]
    public async Task More_buckets_than_the_limit_are_refused()
    {
        using WrittenDatabase most = WithBuckets(ChangesFormat.BucketsMax);
        using WrittenDatabase more = WithBuckets(ChangesFormat.BucketsMax + 1);

        Assert.Equal(0, (await WriteAsync(most.Database)).KeptRecords);
        await AssertRefusedAsync(more.Database, ChangesRefusal.LimitExceeded, "more than 1000 buckets");
    }

    [Theory]
    [InlineData("key", "it has a bucket within a bucket")]
    [InlineData("big", "it has a bucket within a bucket")]
    [InlineData("", "an element of the root bucket is not a bucket")]
    public async Task A_bucket_in_the_wrong_place_is_refused(string bucket, string expected)
    {
        using WrittenDatabase file = new(
            4096, [new("key", 0, [Databases.Put(2, 2000)]), new("big", 0, [([1], new byte[2000])])]);
        MemoryPages pages = new(file.ReadBytes());
        ulong page = bucket.Length == 0 ? file.Database.Meta.Root : PageOf(file.Database, bucket);
        pages.Bytes[((int)page * 4096) + BoltFormat.PageHeaderBytes] ^= (byte)BoltFormat.BucketElement;

        await AssertRefusedAsync(
            BoltDatabase.Open(pages, file.SizeBytes), ChangesRefusal.NestedBucket, expected);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("é")]
    [InlineData("a234567890123456789012345678901234567890123456789012345678901234x")]
    public void An_id_that_cannot_be_written_is_refused(string id)
    {
        using WrittenDatabase file = Databases.OfRevisions([2]);

        Assert.Throws<ArgumentException>(
            () => ChangesStream.Open(file.Pages, file.SizeBytes, Databases.Identity(r0: 1) with { Id = id }));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => ChangesStream.Open(file.Pages, file.SizeBytes, Databases.Identity(r0: -1)));
    }

    [Fact]
    public async Task A_stream_throws_what_the_writer_throws()
    {
        using WrittenDatabase file = new(4096, [Meta]);
        await using ChangesStream stream = ChangesStream.Open(
            file.Pages, file.SizeBytes, Databases.Identity(r0: 1));

        ChangesRefusedException e = await Assert.ThrowsAsync<ChangesRefusedException>(
            async () => await stream.CopyToAsync(Stream.Null));

        Assert.Equal(ChangesRefusal.NoKeyBucket, e.Reason);
    }

    [Fact]
    public async Task A_kept_record_costs_one_byte_when_revisions_are_close_together()
    {
        using WrittenDatabase none = Databases.OfRevisions([]);
        using WrittenDatabase file = Databases.OfRevisions(Enumerable.Range(1, 10_000).Select(i => 3L * i));

        long empty = (await WriteAsync(none.Database, r0: 100_000)).SizeBytes;
        ChangesSummary summary = await WriteAsync(file.Database, r0: 100_000);

        Assert.Equal(10_000, summary.KeptRecords);
        Assert.InRange(summary.SizeBytes - empty, 10_000, 10_001);
    }

    [Fact]
    public async Task Memory_does_not_depend_on_the_size_of_the_database()
    {
        using WrittenDatabase file = Databases.OfValues(valueBytes: 1000, records: 20_000);
        ChangesBase identity = Databases.Identity(r0: 10_000);
        using MemoryStream changes = new(new byte[file.SizeBytes]);
        long before = GC.GetAllocatedBytesForCurrentThread();

        using ChangesWriter writer = new(file.Database, identity, changes);
        ChangesSummary summary = await writer.WriteAsync(CancellationToken.None);
        changes.SetLength(changes.Position);
        changes.Position = 0;
        await ChangesMerge.Open(file.Pages, file.SizeBytes, identity).CheckAsync(changes, CancellationToken.None);

        Assert.True(summary.NewRecords > 9_000 && file.SizeBytes > 20_000_000);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000_000);
    }

    private static WrittenDatabase WithBuckets(int number) =>
        new(4096, [new("key", 0, []), .. Enumerable.Range(0, number).Select(i => new WrittenBucket($"{i:d4}", 0, []))]);

    private static ulong PageOf(BoltDatabase database, string bucket)
    {
        BoltCursor root = database.Root();
        Assert.True(root.Seek(System.Text.Encoding.ASCII.GetBytes(bucket)));
        return BinaryPrimitives.ReadUInt64LittleEndian(root.Value);
    }

    private static async Task<ChangesSummary> WriteAsync(BoltDatabase database, long r0 = 1)
    {
        using ChangesWriter writer = new(database, Databases.Identity(r0), Stream.Null);
        return await writer.WriteAsync(CancellationToken.None);
    }

    private static async Task AssertRefusedAsync(BoltDatabase database, ChangesRefusal reason, string message)
    {
        ChangesRefusedException e = await Assert.ThrowsAsync<ChangesRefusedException>(() => WriteAsync(database));

        Assert.Equal(reason, e.Reason);
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
    }
}
