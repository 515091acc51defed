using EtcdBackupAgent.Archive.Hashing;
using EtcdBackupAgent.IntegrationTests.Etcd;
using EtcdBackupAgent.Snapshots;
using EtcdBackupAgent.Snapshots.Bolt;
using EtcdBackupAgent.Snapshots.Changes;
using EtcdBackupAgent.Snapshots.Revisions;
using EtcdBackupAgent.Snapshots.Verification;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Etcd;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Snapshots;

/// <summary>
/// Two snapshots of a real etcd: the first one and what changed since then give the second one, and the computed hash
/// is the one that the member returns.
/// </summary>
public sealed class ChangesTests : IDisposable
{
    private const int Pairs = 25;

    private readonly TestDirectory _directory = new();

    [Theory]
    [InlineData("3.4", 340)]
    [InlineData("3.5", 350)]
    public async Task Base_and_changes_give_the_second_snapshot_bucket_by_bucket(string version, int firstSeed)
    {
        await using EtcdServer server = await EtcdServer.StartAsync(
            new EtcdServerOptions { Series = EtcdServers.Series(version) });
        using IndependentClient etcd = new(server.Endpoints[0]);
        (long compacted, int hashes, int compactions) = (-1, 0, 0);
        for (int seed = firstSeed; seed < firstSeed + Pairs; seed++)
        {
            (long next, bool isHashCompared) = await RunAsync(server, etcd, new Random(seed), compacted);
            hashes += isHashCompared ? 1 : 0;
            compactions += next > compacted ? 1 : 0;
            compacted = next;
        }

        Assert.True(hashes > Pairs / 2 && compactions > Pairs / 4, $"{hashes} hashes, {compactions} compactions");
    }

    public void Dispose() => _directory.Dispose();

    /// <summary>Compares one pair of snapshots.</summary>
    /// <remarks>
    /// 1. Make changes, and read the revision. Sometimes make more changes, which the base then has too.
    /// 2. Save the base.
    /// 3. Make changes, with leases; sometimes delete all keys; sometimes compact.
    /// 4. Save the file when the compaction is finished.
    /// 5. Write the changes, merge them with the base, and compare buckets and hash.
    /// </remarks>
    private async Task<(long Compacted, bool IsHashCompared)> RunAsync(
        EtcdServer server, IndependentClient etcd, Random random, long compacted)
    {
        // 1. before the base
        EtcdWorkload workload = new(etcd, random);
        await workload.ChangeAsync(random.Next(30));
        ChangesBase identity = new()
        {
            Id = "3f2a9c10",
            ManifestSha256 = new Sha256Digest(new byte[Sha256Digest.SizeBytes]),
            Revision = etcd.Revision,
        };
        await workload.ChangeAsync(random.Next(3) == 0 ? random.Next(30) : 0);

        // 2. the base
        string @base = await SaveAsync(server, "base.db");

        // 3. after the base
        await workload.ChangeAsync(random.Next(40));
        await etcd.ChangeAsync(IndependentClient.Put("/large", new byte[random.Next(100_000)]));
        if (random.Next(8) == 0)
        {
            await workload.DeleteAllAsync();
        }

        if (random.Next(3) > 0 && workload.ChooseCompaction(compacted) is { } chosen)
        {
            await etcd.CompactAsync(chosen, physical: true);
            compacted = chosen;
            await workload.ChangeAsync(random.Next(5));
        }

        // 4. the file
        string file = "";
        await TestDeadline.UntilAsync("the compaction to finish", async () =>
        {
            file = await SaveAsync(server, "file.db");
            using SafeFileHandle handle = File.OpenHandle(file);
            return !Compaction.Read(new FilePages(handle), DatabaseBytes(handle)).IsUnfinished;
        });

        // 5. base and changes
        ChangesSummary summary = await MergeAsync(@base, identity, file, _directory["merged.db"]);
        Assert.Equal(etcd.Revision, summary.LastRevision);
        Assert.Equal(compacted, summary.Compaction.Revision);
        Assert.Equal(DatabaseDump.Of(file), DatabaseDump.Of(_directory["merged.db"]));

        // 3.4 refuses to hash a compacted revision by its number, even if it is the last one.
        HashKv member = await etcd.HashKvAsync(revision: 0);
        if (member.CompactRevision != compacted)
        {
            // 3.5 stores the hash of a compaction computed with the previous compaction.
            return (compacted, false);
        }

        Assert.Equal(member, summary.ComputedHashKv);
        return (compacted, true);
    }

    private async Task<string> SaveAsync(EtcdServer server, string name)
    {
        await SnapshotFile.SaveAsync(EtcdServers.ConnectionTo(server), _directory[name]);
        return _directory[name];
    }

    private static async Task<ChangesSummary> MergeAsync(
        string @base, ChangesBase identity, string file, string merged)
    {
        using SafeFileHandle baseHandle = File.OpenHandle(@base);
        using SafeFileHandle fileHandle = File.OpenHandle(file);
        await using FileStream target = new(merged, FileMode.Create, FileAccess.ReadWrite);
        await using ChangesStream changes = ChangesStream.Open(
            new FilePages(fileHandle), DatabaseBytes(fileHandle), identity);

        MergeSummary summary = await ChangesMerge
            .Open(new FilePages(baseHandle), DatabaseBytes(baseHandle), identity)
            .WriteAsync(changes, target.SafeFileHandle, CancellationToken.None);

        Assert.Equal(changes.Summary.Content, summary.Content);
        return changes.Summary;
    }

    private static long DatabaseBytes(SafeFileHandle file) =>
        RandomAccess.GetLength(file) - SnapshotTrailerCheck.TrailerSizeBytes;
}
