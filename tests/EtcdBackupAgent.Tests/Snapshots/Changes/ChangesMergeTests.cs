using EtcdBackupAgent.Snapshots;
using EtcdBackupAgent.Snapshots.Bolt;
using EtcdBackupAgent.Snapshots.Changes;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Tests.Snapshots.Bolt;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace EtcdBackupAgent.Tests.Snapshots.Changes;

/// <summary>Changes are never merged with another base than their own.</summary>
public sealed class ChangesMergeTests
{
    [Fact]
    public async Task A_base_of_a_restored_cluster_with_the_same_revisions_is_refused()
    {
        int compared = 0;
        for (int seed = 0; seed < 40; seed++)
        {
            using ChangeHistory history = new(seed, changesMax: 30);
            using ChangeHistory restored = new(seed, content: 1, changesMax: 30);
            (byte[] changes, ChangesSummary summary) = await history.WriteChangesAsync();
            if (KeptValues(history).Zip(KeptValues(restored)).All(pair => pair.First.SequenceEqual(pair.Second)))
            {
                continue;
            }

            using MemoryStream stream = new(changes);
            BaseMismatchException e = await Assert.ThrowsAsync<BaseMismatchException>(
                () => restored.OpenBase().CheckAsync(stream, CancellationToken.None));

            Assert.EndsWith($"but the changes require {summary.Content}.", e.Message, StringComparison.Ordinal);
            compared++;
        }

        Assert.True(compared > 15, $"{compared}");
    }

    [Theory]
    [InlineData(new long[] { 2, 4, 7 }, "the base has no revision 3.")]
    [InlineData(new long[] { 2, 3 }, "the base has no revision 4.")]
    [InlineData(new long[0], "the base has no revision 2.")]
    public async Task A_base_without_a_kept_record_is_refused_and_the_record_is_named(long[] mains, string expected)
    {
        using WrittenDatabase file = Databases.OfRevisions([2, 3, 4, 9]);
        using WrittenDatabase @base = Databases.OfRevisions(mains);
        using MemoryStream changes = await ChangesOfAsync(file);

        BaseMismatchException e = await Assert.ThrowsAsync<BaseMismatchException>(
            () => Open(@base).CheckAsync(changes, CancellationToken.None));

        Assert.Equal($"The base and the changes do not belong together: {expected}", e.Message);
    }

    [Fact]
    public async Task A_deletion_is_not_the_put_of_the_same_revision()
    {
        (byte[] key, byte[] value) = Databases.Put(3);
        using WrittenDatabase file = Databases.OfRevisions([2, 3, 9]);
        using WrittenDatabase @base = Databases.Of([Databases.Put(2), ([.. key, (byte)'t'], value)]);
        using MemoryStream changes = await ChangesOfAsync(file);

        BaseMismatchException e = await Assert.ThrowsAsync<BaseMismatchException>(
            () => Open(@base).CheckAsync(changes, CancellationToken.None));

        Assert.Contains("the base has no revision 3.", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Changes_that_name_another_base_are_refused()
    {
        using WrittenDatabase file = Databases.OfRevisions([2, 9]);
        using MemoryStream changes = await ChangesOfAsync(file);
        ChangesBase other = Databases.Identity(r0: 4) with { Id = "00000000" };

        BaseMismatchException e = await Assert.ThrowsAsync<BaseMismatchException>(
            () => ChangesMerge.Open(file.Pages, file.SizeBytes, other).CheckAsync(changes, CancellationToken.None));

        Assert.Contains("the changes belong to 3f2a9c10 with", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refused_merge_leaves_no_valid_database()
    {
        using TestDirectory directory = new();
        using WrittenDatabase file = Databases.OfRevisions([2, 9]);
        using WrittenDatabase @base = Databases.Of([(Databases.Put(2).Key, Databases.Put(2, 7).Value)]);
        using MemoryStream changes = await ChangesOfAsync(file);
        using SafeFileHandle target = File.OpenHandle(directory["db"], FileMode.CreateNew, FileAccess.ReadWrite);

        await Assert.ThrowsAsync<BaseMismatchException>(
            () => Open(@base).WriteAsync(changes, target, CancellationToken.None));

        Assert.Throws<SnapshotDamagedException>(() => BoltDatabase.Open(target, RandomAccess.GetLength(target)));
    }

    [Fact]
    public async Task Damage_of_the_base_is_reported_as_such()
    {
        using WrittenDatabase file = Databases.OfValues(valueBytes: 2000, records: 3);
        MemoryPages pages = new(file.ReadBytes());
        BoltCursor cursor = file.Database.Bucket("key"u8)!;
        Assert.True(cursor.MoveToFirst());
        ulong page = cursor.PageId;
        pages.Bytes[(int)page * file.Database.PageSizeBytes] ^= 1;
        using MemoryStream changes = await ChangesOfAsync(file);

        SnapshotDamagedException e = await Assert.ThrowsAsync<SnapshotDamagedException>(
            () => ChangesMerge.Open(pages, file.SizeBytes, Databases.Identity(r0: 4))
                .CheckAsync(changes, CancellationToken.None));

        Assert.Contains($"the base is damaged: page {page}: ", e.Message, StringComparison.Ordinal);
        Assert.Contains(
            "the base is damaged: This is not an etcd database",
            Assert.Throws<SnapshotDamagedException>(
                () => ChangesMerge.Open(new MemoryPages(new byte[9000]), 9000, Databases.Identity(r0: 4))).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void The_content_digest_is_that_of_elements_and_not_of_pages()
    {
        WrittenBucket[] buckets = [new("a", 1, [([1], new byte[5000])]), new("key", 0, [])];
        using WrittenDatabase one = new(1024, buckets);
        using WrittenDatabase two = new(8192, buckets.Reverse(), transactionId: 9);
        using WrittenDatabase other = new(1024, [buckets[0] with { Sequence = 2 }, buckets[1]]);

        Assert.Equal(Digest(one), Digest(two));
        Assert.NotEqual(Digest(one), Digest(other));

        static string Digest(WrittenDatabase database) =>
            $"{ContentDigest.Of(database.Database, CancellationToken.None)}";
    }

    private static ChangesMerge Open(WrittenDatabase @base) =>
        ChangesMerge.Open(@base.Pages, @base.SizeBytes, Databases.Identity(r0: 4));

    private static async Task<MemoryStream> ChangesOfAsync(WrittenDatabase file)
    {
        MemoryStream changes = new();
        using ChangesWriter writer = new(file.Database, Databases.Identity(r0: 4), changes);
        await writer.WriteAsync(CancellationToken.None);
        changes.Position = 0;
        return changes;
    }

    private static IEnumerable<byte[]> KeptValues(ChangeHistory history) => history.Store.Stored
        .Where(record => record.Revision.Main <= history.Identity.Revision)
        .Select(record => record.Value);
}
