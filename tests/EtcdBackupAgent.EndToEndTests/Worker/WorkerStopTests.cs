using System.Diagnostics;
using EtcdBackupAgent.EndToEndTests.Failures;
using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing.Etcd;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Worker;

/// <summary>Signals to the worker, and an etcd that is down when it is due.</summary>
public sealed class WorkerStopTests
{
    private const string Waiting = "Stopping: 1 running backups";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_idle_worker_stops_quickly_with_exit_code_0(bool terminate)
    {
        using WorkerScene scene = await WorkerScene.NewAsync();
        scene.WritePolicy("yearly", new PolicyText { Schedule = "@yearly" });
        await using PeerProcess worker = scene.Start();
        await worker.UntilLoggedAsync("Policy kubedr-system/yearly on schedule");

        long start = Stopwatch.GetTimestamp();
        Action signal = terminate ? worker.Terminate : worker.Interrupt;
        signal();
        int exitCode = await worker.WaitForExitAsync();

        Assert.Equal(0, exitCode);
        Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.Zero, TimeSpan.FromSeconds(5));
        Assert.Contains("The worker has stopped.", worker.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stopping_worker_lets_a_running_backup_finish()
    {
        using WorkerScene scene = await WorkerScene.NewAsync();
        await using HeldTransfer held = scene.HoldEtcd();
        await using PeerProcess worker = await StartHeldAsync(scene, held);

        worker.Terminate();
        await worker.UntilLoggedAsync(Waiting);
        held.Release();

        Assert.Equal(0, await worker.WaitForExitAsync());
        Assert.Single(await scene.Repository.AllListedRestoreAsync());
        await scene.Repository.HasOnlyListedObjectsAsync();
    }

    [Fact]
    public async Task A_backup_that_does_not_finish_in_time_is_cancelled_and_leaves_nothing()
    {
        using WorkerScene scene = await WorkerScene.NewAsync();
        await using HeldTransfer held = scene.HoldEtcd();
        await using PeerProcess worker = await StartHeldAsync(scene, held);

        worker.Terminate();
        await worker.UntilLoggedAsync(Waiting);

        Assert.Equal(0, await worker.WaitForExitAsync());
        Assert.Contains(
            "Backup of policy kubedr-system/once cancelled (OnDemand): the agent is stopping.",
            worker.Output,
            StringComparison.Ordinal);
        Assert.Equal(["repository.json"], await scene.Repository.KeysAsync());
        Assert.Empty(await scene.Repository.PendingAsync());
    }

    [Fact]
    public async Task A_second_signal_ends_the_worker_at_once()
    {
        using WorkerScene scene = await WorkerScene.NewAsync();
        await using HeldTransfer held = scene.HoldEtcd();
        await using PeerProcess worker = await StartHeldAsync(scene, held);

        worker.Terminate();
        await worker.UntilLoggedAsync(Waiting);
        long start = Stopwatch.GetTimestamp();
        worker.Terminate();

        Assert.Equal(143, await worker.WaitForExitAsync());
        Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.Zero, TimeSpan.FromSeconds(5));
        Assert.Equal(["repository.json"], await scene.Repository.KeysAsync());
    }

    [Fact]
    public async Task A_run_without_etcd_is_logged_as_failed_and_the_next_one_works()
    {
        await using EtcdServer etcd = await EtcdServer.StartAsync(
            new EtcdServerOptions { Series = SharedServers.Series("3.5") });
        using WorkerScene scene = await WorkerScene.NewAsync();
        scene.WritePolicy("often", new PolicyText { Schedule = "@every 1s", Retain = 3, Etcd = etcd.EndpointList });
        await etcd.KillAsync();
        await using PeerProcess worker = scene.Start();

        await worker.UntilLoggedAsync("Backup of policy kubedr-system/often failed (Schedule): EtcdUnreachable:");
        Assert.Equal(0, worker.Count("Backup of policy kubedr-system/often completed"));
        await etcd.RestartAsync();
        await worker.UntilLoggedAsync("Backup of policy kubedr-system/often completed");
        await worker.StopAsync();

        string failure = worker.Output.Split('\n').First(line => line.Contains(" failed (", StringComparison.Ordinal));
        Assert.Contains(etcd.EndpointList, failure, StringComparison.Ordinal);
        Assert.Equal(
            worker.Count("Backup of policy kubedr-system/often started"),
            worker.Count("Backup of policy kubedr-system/often failed")
                + worker.Count("Backup of policy kubedr-system/often completed"));
        Assert.NotEmpty(await scene.Repository.AllListedRestoreAsync());
        await scene.Repository.HasOnlyListedObjectsAsync();
    }

    private static async Task<PeerProcess> StartHeldAsync(WorkerScene scene, HeldTransfer held)
    {
        scene.WritePolicy("once", new PolicyText { Etcd = $"https://127.0.0.1:{held.Port}" });
        PeerProcess worker = scene.Start();
        await held.UntilHeldAsync(worker);
        return worker;
    }
}
