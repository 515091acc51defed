using System.Globalization;
using EtcdBackupAgent.Core.RestorePoints;
using EtcdBackupAgent.IntegrationTests.Etcd;
using EtcdBackupAgent.IntegrationTests.Snapshots;
using EtcdBackupAgent.Testing.Etcd;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Archiving;

/// <summary>
/// Random histories of a real etcd: what a restore gives for a revision is what the live server said at that revision.
/// </summary>
public sealed class LogHistoryTests
{
    /// <summary>
    /// The environment variable with the number of histories for each version; <c>bench/histories</c> sets it.
    /// </summary>
    private const string HistoriesVariable = "EBA_HISTORIES";

    private const int StepsMax = 25;

    private static int Histories =>
        int.Parse(Environment.GetEnvironmentVariable(HistoriesVariable) ?? "2", CultureInfo.InvariantCulture);

    [Theory]
    [InlineData("3.4", 3400)]
    [InlineData("3.5", 3500)]
    public async Task A_restore_gives_what_the_live_server_said(string version, int firstSeed)
    {
        for (int seed = firstSeed; seed < firstSeed + Histories; seed++)
        {
            try
            {
                await RunAsync(version, new Random(seed));
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                throw new InvalidOperationException($"etcd {version}, seed {seed}: {e.Message}", e);
            }
        }
    }

    /// <summary>Compares one history.</summary>
    /// <remarks>
    /// 1. Start etcd and the archive, sometimes after some changes.
    /// 2. Make changes, and at random: compact, defragment, kill and restart etcd, stop and start the archive, make
    ///    snapshots. Ask the server at random moments for all keys, and for its hash.
    /// 3. Restore each of these moments, and compare keys, values, versions and revisions.
    /// 4. Start an etcd with the last one, and compare what it says, leases included.
    /// </remarks>
    private static async Task RunAsync(string version, Random random)
    {
        // 1. the beginning
        await using EtcdServer server = await EtcdServer.StartAsync(
            new EtcdServerOptions { Series = EtcdServers.Series(version), IsDurable = true });
        using IndependentClient etcd = new(server.Endpoints[0]);
        EtcdWorkload workload = new(etcd, random);
        await workload.ChangeAsync(random.Next(2) * random.Next(20));
        await using ArchivedCluster archive =
            await ArchivedCluster.CreateAsync(EtcdServers.ConnectionTo(server));
        await archive.StartAsync();

        // 2. the history
        List<LiveMoment> moments = [];
        long compacted = -1;
        for (int step = 10 + random.Next(StepsMax - 10); step > 0; step--)
        {
            await workload.ChangeAsync(1 + random.Next(12));
            moments.Add(await LiveMoment.ReadAsync(etcd));
            compacted = await DisturbAsync(server, etcd, archive, workload, random, compacted);
        }

        await archive.UntilStoredAsync(etcd.Revision);
        await archive.StopAsync();
        Assert.DoesNotContain(archive.Events.Skip(1), e => e.StartsWith("began", StringComparison.Ordinal));

        // 3. every moment
        RestoreWindow window = Assert.Single(await archive.WindowsAsync());
        foreach (LiveMoment moment in moments.Where(m => m.Revision >= window.FromRevision))
        {
            (string path, _) = await archive.RestoreAsync(
                new RestoreSelection { Revision = moment.Revision }, $"restored-{moment.Revision}");
            moment.AssertEqual(path);
        }

        await archive.VerifyAsync(moments[^1].Revision);

        // 4. the last one, live
        LiveMoment last = moments[^1];
        (string snapshot, _) = await archive.RestoreAsync(
            new RestoreSelection { Revision = last.Revision }, "restored-last");
        await using EtcdServer restored = await Restored.StartAsync(version, snapshot);
        using IndependentClient again = new(restored.Endpoints[0]);
        Assert.Equal(last.Keys, [.. (await again.KeysAsync()).Select(StoredRecord.Of)]);
        foreach (long lease in last.Keys.Select(key => key.Lease).Where(lease => lease != 0).Distinct())
        {
            Assert.StartsWith("3600 ", await again.LeaseAsync(lease), StringComparison.Ordinal);
        }
    }

    private static async Task<long> DisturbAsync(
        EtcdServer server,
        IndependentClient etcd,
        ArchivedCluster archive,
        EtcdWorkload workload,
        Random random,
        long compacted)
    {
        switch (random.Next(12))
        {
            case 0 or 1 when workload.ChooseCompaction(compacted) is { } chosen:
                // Kubernetes compacts what is five minutes old; the log has that by then.
                await archive.UntilStoredAsync(chosen);
                await etcd.CompactAsync(chosen, physical: random.Next(2) == 0);

                // etcd 3.4 in Debian may leave out deletions at the compacted revision: there the log begins anew.
                await etcd.ChangeAsync(IndependentClient.Put("/after", "compaction"));
                await archive.UntilStoredAsync(etcd.Revision);
                return chosen;
            case 2:
                await server.EtcdctlAsync("defrag");
                break;
            case 3:
                await server.KillAsync();
                await server.RestartAsync();
                break;
            case 4:
                await archive.StopAsync();
                await workload.ChangeAsync(random.Next(10));
                await archive.StartAsync();
                break;
            case 5:
                await archive.BackUpAsync(incremental: false);
                break;
            case 6:
                await archive.BackUpAsync(incremental: true);
                break;
            case 7:
                await workload.DeleteAllAsync();
                break;
        }

        return compacted;
    }
}
