using EtcdBackupAgent.EndToEndTests.Failures;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Worker;

/// <summary>What the worker backs up, and when.</summary>
public sealed class WorkerScheduleTests
{
    private const string Completed = "Backup completed, snapshot ID:";

    [Fact]
    public async Task A_schedule_makes_snapshots_and_retention_keeps_the_number_of_the_policy()
    {
        using WorkerScene scene = await WorkerScene.NewAsync();
        scene.WritePolicy("often", new PolicyText { Schedule = "@every 2s", Retain = 2 });
        await using PeerProcess worker = scene.Start();

        await worker.UntilLoggedAsync(Completed, times: 4);
        await worker.StopAsync();

        Assert.Equal([("often", "schedule"), ("often", "schedule")], await scene.SnapshotsAsync());
        Assert.True(worker.Count("Pruned snapshot") >= 2, worker.Output);
        await scene.Repository.HasOnlyListedObjectsAsync();
    }

    [Fact]
    public async Task A_policy_without_a_schedule_is_backed_up_once_and_not_again_after_a_restart()
    {
        using WorkerScene scene = await WorkerScene.NewAsync();
        scene.WritePolicy("once", new PolicyText());
        await using (PeerProcess first = scene.Start())
        {
            await first.UntilLoggedAsync(Completed);
            await first.StopAsync();
        }

        await RestartUntilMarkerAsync(scene);

        Assert.Equal(("once", "on-demand"), Assert.Single(await scene.SnapshotsAsync(), s => s.Policy == "once"));
    }

    [Fact]
    public async Task A_run_missed_while_the_worker_was_down_starts_once()
    {
        using WorkerScene scene = await WorkerScene.NewAsync();
        await PastBackups.MakeAsync(scene.Repository.Store, "nightly", TimeSpan.FromHours(73), TimeSpan.FromHours(49));
        scene.WritePolicy("nightly", new PolicyText { Schedule = "0 0 * * *" });
        await using (PeerProcess first = scene.Start())
        {
            await first.UntilLoggedAsync(Completed);
            Assert.Equal(1, first.Count("while the agent was not running"));
            await first.StopAsync();
        }

        await RestartUntilMarkerAsync(scene);

        Assert.Equal(
            [("nightly", "schedule"), ("nightly", "schedule"), ("nightly", "missed")],
            (await scene.SnapshotsAsync()).Where(s => s.Policy == "nightly"));
    }

    /// <summary>Runs a second worker until it has read the last backups and then made two of another policy.</summary>
    private static async Task RestartUntilMarkerAsync(WorkerScene scene)
    {
        scene.WritePolicy("marker", new PolicyText { Schedule = "@every 1s" });
        await using PeerProcess second = scene.Start();
        await second.UntilLoggedAsync("Backup of policy kubedr-system/marker completed", times: 2);
        await second.StopAsync();
    }
}
