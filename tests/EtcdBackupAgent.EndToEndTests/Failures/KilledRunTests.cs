using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing.Etcd;
using EtcdBackupAgent.Testing.Kills;
using EtcdBackupAgent.Testing.Storage;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Failures;

/// <summary>A short form of <c>bench/kill</c>: a few SIGKILLs of each kind of run.</summary>
public sealed class KilledRunTests
{
    private const int Kills = 4;
    private const int Seed = 2026;

    [Theory]
    [InlineData(KilledVerb.Backup)]
    [InlineData(KilledVerb.Prune)]
    [InlineData(KilledVerb.Delete)]
    [InlineData(KilledVerb.Verify)]
    [InlineData(KilledVerb.Restore)]
    [InlineData(KilledVerb.RestoreData)]
    public async Task A_run_killed_at_any_moment_damages_nothing_and_does_not_block_later_runs(KilledVerb verb)
    {
        RgwServer server = await SharedServers.S3Async();
        string bucket = TestRepository.NewBucketName();
        using IObjectStore store = TestRepository.StoreOf(server, bucket, "");
        await using KillScene scene = await KillScene.StartAsync(
            Agent.Path, await SharedServers.MediumEtcdAsync(), server, bucket, store, CancellationToken.None);

        KillReport report = await new KillSeries(scene, verb, Seed).RunAsync(Kills, CancellationToken.None);

        Assert.Empty(report.Violations);
        Assert.Equal(Kills, report.Kills);
    }

    [Fact]
    public async Task A_log_whose_writer_is_killed_at_any_moment_has_no_hole_and_restores_what_etcd_has()
    {
        await using EtcdServer etcd = await EtcdServer.StartAsync(
            new EtcdServerOptions { Series = SharedServers.Series("3.5") });
        await etcd.EtcdctlAsync("put", "/first", "value");
        RgwServer server = await SharedServers.S3Async();
        string bucket = TestRepository.NewBucketName();
        using IObjectStore store = TestRepository.StoreOf(server, bucket, "");
        await using KillScene scene = await KillScene.StartAsync(
            Agent.Path, etcd, server, bucket, store, CancellationToken.None);

        (_, IReadOnlyList<string> violations) =
            await new ArchiveKillSeries(scene, etcd, store, Seed).RunAsync(Kills, CancellationToken.None);

        Assert.Empty(violations);
    }
}
