using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Etcd;
using EtcdBackupAgent.Testing.Processes;
using EtcdBackupAgent.Testing.Storage;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Failures;

/// <summary>A peer fails in the middle of a backup: etcd, the S3 server, the disk.</summary>
public sealed class BrokenPeerTests
{
    private const long Midway = 24 << 20;

    [Fact]
    public async Task Etcd_killed_midway_is_reported_and_nothing_is_left()
    {
        await using EtcdServer etcd = await EtcdServer.StartAsync(
            new EtcdServerOptions { Series = SharedServers.Series("3.5") });
        await EtcdContent.WriteNoiseAsync(etcd, 24 << 20);
        using TestRepository repository = TestRepository.InDirectory();
        await PastBackups.MakeAsync(repository.Store, "default", TimeSpan.FromHours(1));
        await using HeldTransfer held = new(etcd.Endpoints[0].Port, afterBytes: 2 << 20);
        await using PeerProcess agent = BackUpThrough(held, repository);
        await held.UntilHeldAsync(agent);

        await etcd.KillAsync();
        held.Release();

        Assert.Equal(3, await agent.WaitForExitAsync());
        Assert.Contains("error: ", agent.Output, StringComparison.Ordinal);
        Assert.Contains($"http://127.0.0.1:{held.Port}", agent.Output, StringComparison.Ordinal);
        Assert.Single(await repository.AllListedRestoreAsync());
        await repository.HasOnlyListedObjectsAsync();

        await etcd.RestartAsync();
        _ = (await repository.RunAsync(["backup", .. EtcdArguments.Of(etcd)])).Output;
        Assert.Equal(2, (await repository.AllListedRestoreAsync()).Count);
    }

    [Fact]
    public async Task A_backup_waits_for_an_s3_server_killed_midway_and_fails_if_it_does_not_restart()
    {
        await using RgwServer server = await RgwServer.StartAsync();
        EtcdServer etcd = await SharedServers.LargeEtcdAsync();
        using TestRepository repository = TestRepository.InBucket(server);
        await PastBackups.MakeAsync(repository.Store, "default", TimeSpan.FromHours(1));

        // 1. It restarts.
        await using (HeldTransfer held = new(etcd.Endpoints[0].Port, Midway))
        await using (PeerProcess agent = BackUpThrough(held, repository))
        {
            await held.UntilHeldAsync(agent);
            await repository.UntilPendingAsync();
            await server.KillAsync();
            held.Release();
            await server.RestartAsync();
            Assert.True(await agent.WaitForExitAsync() == 0, agent.Output);
        }

        Assert.Equal(2, (await repository.AllListedRestoreAsync()).Count);
        await repository.HasOnlyListedObjectsAsync();

        // 2. It does not restart.
        await using (HeldTransfer held = new(etcd.Endpoints[0].Port, Midway))
        await using (PeerProcess agent = BackUpThrough(held, repository))
        {
            await held.UntilHeldAsync(agent);
            await repository.UntilPendingAsync();
            await server.KillAsync();
            held.Release();
            Assert.Equal(4, await agent.WaitForExitAsync());
            Assert.Contains($"{server.HttpsEndpoint.Authority}", agent.Output, StringComparison.Ordinal);
            Assert.Contains("etcd.db.zst", agent.Output, StringComparison.Ordinal);
        }

        // 3. A prune finds and removes what the backup left.
        await server.RestartAsync();
        Assert.NotEmpty(await repository.PendingAsync());
        Assert.Equal(2, (await repository.AllListedRestoreAsync()).Count);
        await repository.PruneOneDayLaterLeavesOnlyListedObjectsAsync();
    }

    [Fact]
    public async Task A_full_disk_is_reported_old_snapshots_stay_and_with_more_space_the_next_backup_works()
    {
        await using MountedDirectory disk = await MountedDirectory.CreateAsync("size=24m");
        using TestRepository repository = TestRepository.InDirectory(disk.Path);
        EtcdServer etcd = await SharedServers.LargeEtcdAsync();
        await PastBackups.MakeAsync(repository.Store, "default", TimeSpan.FromHours(1));

        ToolResult full = await repository.RunAsync(["backup", .. EtcdArguments.Of(etcd)]);

        Assert.Equal(4, full.ExitCode);
        Assert.Contains("error: Cannot store 'snapshots/", full.StandardError, StringComparison.Ordinal);
        Assert.Contains("no space is left", full.StandardError, StringComparison.Ordinal);
        Assert.Contains("hint: Free space", full.StandardError, StringComparison.Ordinal);
        Assert.Single(await repository.AllListedRestoreAsync());
        await repository.HasOnlyListedObjectsAsync();

        await disk.RemountAsync("size=200m");
        _ = (await repository.RunAsync(["backup", .. EtcdArguments.Of(etcd)])).Output;
        Assert.Equal(2, (await repository.AllListedRestoreAsync()).Count);
    }

    [Fact]
    public async Task A_full_disk_during_a_restore_leaves_nothing_in_the_target()
    {
        await using MountedDirectory disk = await MountedDirectory.CreateAsync("size=24m");
        using TestRepository repository = TestRepository.InDirectory();
        await PastBackups.MakeAsync(repository.Store, "default");
        _ = (await repository.RunAsync(["backup", .. EtcdArguments.Of(await SharedServers.LargeEtcdAsync())])).Output;

        ToolResult full = await repository.RunAsync("restore", "latest", "--to", disk.Path);

        Assert.Equal(7, full.ExitCode);
        Assert.Contains(disk.Path, full.StandardError, StringComparison.Ordinal);
        Assert.Contains("hint: ", full.StandardError, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(disk.Path));
    }

    private static PeerProcess BackUpThrough(HeldTransfer held, TestRepository repository) => Agent.Start(
        ["backup", .. repository.Options, "--etcd-endpoint", $"http://127.0.0.1:{held.Port}"], repository.Environment);
}
