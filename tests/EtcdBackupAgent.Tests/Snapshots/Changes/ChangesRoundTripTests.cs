using System.Collections.Concurrent;
using EtcdBackupAgent.Snapshots.Bolt;
using EtcdBackupAgent.Snapshots.Changes;
using EtcdBackupAgent.Snapshots.Revisions;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Tests.Snapshots.Bolt;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace EtcdBackupAgent.Tests.Snapshots.Changes;

public sealed class ChangesRoundTripTests : IDisposable
{
    private const int Histories = 200;

    private readonly TestDirectory _directory = new();

    [Fact]
    public async Task Base_and_changes_give_the_file_bucket_by_bucket_for_any_history()
    {
        // Each history flushes three files, so several wait for the disk at the same time.
        ConcurrentBag<(string Kind, bool IsSeen)> kinds = [];
        ParallelOptions options = new() { MaxDegreeOfParallelism = 4 };
        await Parallel.ForEachAsync(Enumerable.Range(0, Histories), options, async (seed, _) =>
        {
            using ChangeHistory history = new(seed);
            ChangesSummary summary = await CompareAsync(history, seed);
            long r0 = history.Identity.Revision;
            kinds.Add(("the base has later records", HighestRevision(history.Base) > r0));
            kinds.Add(("no record is new", summary.NewRecords == 0));
            kinds.Add(("no record is kept", summary.KeptRecords == 0));
            kinds.Add(("no key exists", history.Store.LiveKeys == 0));
            kinds.Add(("R0 is compacted", history.Store.Finished > r0));
        });

        Assert.All(
            kinds.GroupBy(kind => kind.Kind, StringComparer.Ordinal),
            kind => Assert.True(kind.Count(history => history.IsSeen) > Histories / 20, kind.Key));
    }

    [Fact]
    public async Task A_stream_has_the_bytes_of_the_writer_and_then_the_summary()
    {
        using ChangeHistory history = new(seed: 3);
        (byte[] changes, ChangesSummary summary) = await history.WriteChangesAsync();
        await using ChangesStream stream = ChangesStream.Open(
            history.File.Pages, history.File.SizeBytes, history.Identity);
        Assert.Throws<InvalidOperationException>(() => stream.Summary);

        using MemoryStream read = new();
        await stream.CopyToAsync(read);

        Assert.Equal(changes, read.ToArray());
        Assert.Equal(summary, stream.Summary);
    }

    [Fact]
    public async Task A_stream_that_is_not_read_to_its_end_can_be_disposed()
    {
        using WrittenDatabase file = Databases.OfValues(valueBytes: 100_000, records: 20);
        ChangesStream stream = ChangesStream.Open(file.Pages, file.SizeBytes, Databases.Identity(r0: 1));
        await stream.ReadExactlyAsync(new byte[10]);

        await stream.DisposeAsync();

        Assert.Throws<InvalidOperationException>(() => stream.Summary);
    }

    [Fact]
    public async Task The_longest_skip_of_records_of_the_base_finds_the_kept_one()
    {
        using WrittenDatabase @base = Databases.OfRevisions(Enumerable.Range(2, 5000).Select(i => (long)i));
        using WrittenDatabase file = Databases.OfRevisions([2, 3, 1000, 1001, 1130, 5000, 5001, 6000]);
        ChangesBase identity = Databases.Identity(r0: 5001);
        using MemoryStream changes = new();
        using ChangesWriter writer = new(file.Database, identity, changes);
        await writer.WriteAsync(CancellationToken.None);
        changes.Position = 0;

        MergeSummary merged = await ChangesMerge.Open(@base.Pages, @base.SizeBytes, identity)
            .CheckAsync(changes, CancellationToken.None);

        Assert.Equal((7, 1, 0), (merged.KeptRecords, merged.NewRecords, merged.DatabaseBytes));
    }

    public void Dispose() => _directory.Dispose();

    private async Task<ChangesSummary> CompareAsync(ChangeHistory history, int seed)
    {
        (byte[] changes, ChangesSummary summary) = await history.WriteChangesAsync();
        string path = _directory[$"{seed}.db"];

        MergeSummary merged = await MergeAsync(history, changes, path);

        Assert.True(history.File.Read().SequenceEqual(WrittenDatabase.ReadFile(path)), $"seed {seed}");
        Assert.Equal(new FileInfo(path).Length, merged.DatabaseBytes);
        Assert.Equal((summary.KeptRecords, summary.NewRecords), (merged.KeptRecords, merged.NewRecords));
        Assert.Equal(history.Store.Stored.Count, summary.KeptRecords + summary.NewRecords);
        Assert.Equal(changes.Length, summary.SizeBytes);
        Assert.Equal(history.Store.Revision, summary.LastRevision);
        Assert.Equal(new Compaction(history.Store.Scheduled, history.Store.Finished), summary.Compaction);
        Assert.Equal(history.Store.HashKv(summary.LastRevision), summary.ComputedHashKv.Hash);
        Check(path, summary, seed);
        File.Delete(path);
        return summary;
    }

    private static async Task<MergeSummary> MergeAsync(ChangeHistory history, byte[] changes, string path)
    {
        using SafeFileHandle target = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite);
        using MemoryStream stream = new(changes);
        return await history.OpenBase().WriteAsync(stream, target, CancellationToken.None);
    }

    private static void Check(string path, ChangesSummary summary, int seed)
    {
        using SafeFileHandle file = File.OpenHandle(path);
        BoltDatabase database = BoltDatabase.Open(file, RandomAccess.GetLength(file));
        Assert.True(BoltCheck.Run(database, 1, CancellationToken.None).ProblemCount == 0, $"seed {seed}");
        Assert.Equal(summary.Content, ContentDigest.Of(database, CancellationToken.None));
    }

    private static long HighestRevision(WrittenDatabase database) => database.Read()
        .Single(bucket => bucket.Name == "key").Elements
        .Select(element => System.Buffers.Binary.BinaryPrimitives.ReadInt64BigEndian(element.Key))
        .DefaultIfEmpty(1)
        .Max();
}
