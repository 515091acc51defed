using EtcdBackupAgent.IntegrationTests.Etcd;
using EtcdBackupAgent.Snapshots;
using EtcdBackupAgent.Snapshots.Bolt;
using EtcdBackupAgent.Snapshots.Reports;
using EtcdBackupAgent.Snapshots.Revisions;
using EtcdBackupAgent.Snapshots.Verification;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Etcd;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Snapshots;

/// <summary>
/// After any changes, the hash of a snapshot file is the one that the live member returns, and no record has a problem.
/// </summary>
public sealed class HashKvTests : IDisposable
{
    /// <summary>The workloads for each etcd series. The first ones are never compacted.</summary>
    private const int Workloads = 110;
    private const int UncompactedWorkloads = 12;

    /// <summary>So few that files with a few dozen keys need several passes.</summary>
    private const int FewKeys = 3;

    private readonly TestDirectory _directory = new();

    [Theory]
    [InlineData("3.4", 34)]
    [InlineData("3.5", 35)]
    public async Task The_file_has_the_hash_that_the_member_returns(string version, int firstSeed)
    {
        await using EtcdServer server = await EtcdServer.StartAsync(
            new EtcdServerOptions { Series = EtcdServers.Series(version) });
        using IndependentClient etcd = new(server.Endpoints[0]);
        long compacted = -1;
        int compared = 0;
        for (int i = 0; i < Workloads; i++)
        {
            int seed = (firstSeed * 1000) + i;
            try
            {
                (compacted, int hashes) = await RunAsync(
                    server, etcd, new Random(seed), i >= UncompactedWorkloads, compacted);
                compared += hashes;
            }
            catch (Exception e)
            {
                throw new InvalidOperationException(
                    $"Workload {seed} on etcd {version}, compacted to {compacted}: {e.Message}", e);
            }
        }

        Assert.True(compared > 4 * Workloads, $"only {compared} hashes were compared");
    }

    public void Dispose() => _directory.Dispose();

    /// <summary>Runs one workload.</summary>
    /// <remarks>
    /// 1. Make changes; sometimes delete all keys.
    /// 2. Read hashes and save a snapshot.
    /// 3. Sometimes compact, and read hashes and save a snapshot again.
    /// 4. Compare every hash with every snapshot from which it can be computed.
    /// </remarks>
    private async Task<(long Compacted, int Hashes)> RunAsync(
        EtcdServer server, IndependentClient etcd, Random random, bool mayCompact, long compacted)
    {
        // 1. changes
        EtcdWorkload workload = new(etcd, random);
        if (random.Next(4) == 0)
        {
            await workload.DeleteAllAsync();
        }

        await workload.ChangeAsync(random.Next(4, 40));
        bool isEmptied = random.Next(5) == 0;
        if (isEmptied)
        {
            await workload.DeleteAllAsync();
        }

        // 2. before the compaction
        List<HashKv> hashes = await AskAsync(etcd, random, compacted);
        string before = await SaveAsync(server, "before.db");
        int compared = Compare(before, hashes, await etcd.CountAsync(), isCertain: true);

        // 3. the compaction
        if (!mayCompact || random.Next(3) == 0 || workload.ChooseCompaction(compacted) is not { } chosen)
        {
            return (compacted, compared);
        }

        // A member without a key hashes the records that it finds. The result is known only if the records are already
        // removed.
        bool isPhysical = isEmptied || random.Next(2) == 0;
        await etcd.CompactAsync(chosen, isPhysical);
        List<HashKv> later = await AskAsync(etcd, random, chosen);
        string after = await SaveAsync(server, "after.db");

        // 4. both snapshots
        compared += Compare(before, later, expectedKeys: null, isPhysical);
        compared += Compare(after, later, await etcd.CountAsync(), isPhysical);
        foreach (HashKv old in hashes)
        {
            Assert.Equal(CheckResult.NotChecked, Check(after, old, Supersession.KeysMax).Hash.Result);
        }

        return (chosen, compared);
    }

    private static async Task<List<HashKv>> AskAsync(IndependentClient etcd, Random random, long compacted)
    {
        long head = etcd.Revision;
        List<HashKv> answers = [await etcd.HashKvAsync(0)];
        for (int i = 0; i < 3 && head > compacted && head > 1; i++)
        {
            answers.Add(await etcd.HashKvAsync(random.NextInt64(Math.Max(1, compacted + 1), head + 1)));
        }

        return answers;
    }

    private async Task<string> SaveAsync(EtcdServer server, string name)
    {
        await SnapshotFile.SaveAsync(EtcdServers.ConnectionTo(server), _directory[name]);
        return _directory[name];
    }

    private static int Compare(string file, List<HashKv> hashes, long? expectedKeys, bool isCertain)
    {
        int compared = 0;
        foreach (HashKv hash in hashes)
        {
            (SnapshotCheck checkedHash, SnapshotReport report) = Check(file, hash, Supersession.KeysMax);
            if (hash.CompactRevision < report.CompactRevision)
            {
                // 3.5 stores the hash of a compaction computed with the previous compaction.
                Assert.Equal(CheckResult.NotChecked, checkedHash.Result);
                continue;
            }

            if (checkedHash.Result == CheckResult.NotChecked && !isCertain)
            {
                continue;
            }

            Assert.True(checkedHash.Result == CheckResult.Passed, Text(checkedHash, report));
            (SnapshotCheck inPasses, SnapshotReport same) = Check(file, hash, FewKeys);
            Assert.True(inPasses.Result == CheckResult.Passed, Text(inPasses, report));
            Assert.Equal(report.LiveKeys, same.LiveKeys);
            Assert.Equal(expectedKeys ?? report.LiveKeys, report.LiveKeys);
            SnapshotCheck changed = Check(file, hash with { Hash = hash.Hash ^ 1 }, FewKeys).Hash;
            Assert.NotEqual(CheckResult.Passed, changed.Result);
            compared++;
        }

        return compared;
    }

    private static (SnapshotCheck Hash, SnapshotReport Report) Check(string path, HashKv hash, int keysMax)
    {
        using SafeFileHandle file = File.OpenHandle(path);
        BoltDatabase database = BoltDatabase.Open(
            file, RandomAccess.GetLength(file) - SnapshotTrailerCheck.TrailerSizeBytes);
        RevisionPass pass = RevisionPass.Run(
            database, hash, keysMax, receiveValue: null, CancellationToken.None);
        SnapshotCheck revisions = pass.Checks.Single(check => check.Part == CheckedPart.Revisions);
        Assert.True(revisions.Result == CheckResult.Passed, string.Join('\n', revisions.Problems));
        return (pass.Checks.Single(check => check.Part == CheckedPart.HashKv), pass.Report!);
    }

    private static string Text(SnapshotCheck check, SnapshotReport report) =>
        $"{check.Result} {check.Detail} {string.Join('\n', check.Problems)}; "
        + $"file of {report.Revision}, compacted to {report.CompactRevision}";
}
