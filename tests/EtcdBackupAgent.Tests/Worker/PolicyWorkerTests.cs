using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Testing;
using Xunit;

namespace EtcdBackupAgent.Tests.Worker;

public sealed class PolicyWorkerTests
{
    [Fact]
    public async Task Each_policy_runs_at_its_times()
    {
        await using RunningWorker worker = new();
        worker.WritePolicy("often", "*/10 * * * *");
        worker.WritePolicy("rarely", "15 * * * *");
        await worker.StartAsync(scheduled: 2);

        await worker.AdvanceAsync("00:10", runs: 1);
        await worker.AdvanceAsync("00:15", runs: 2);
        await worker.AdvanceAsync("00:20", runs: 3);

        Assert.Equal(
            ["often Schedule 00:10:00", "rarely Schedule 00:15:00", "often Schedule 00:20:00"], worker.Runner.Runs);
    }

    [Fact]
    public async Task A_time_zone_moves_the_fire_time()
    {
        await using RunningWorker worker = new();
        worker.WritePolicy("nightly", "0 4 * * *", "timeZone: Europe/Berlin");
        await worker.StartAsync(scheduled: 1);

        await worker.AdvanceAsync("02:00", runs: 1);

        Assert.Equal(["nightly Schedule 02:00:00"], worker.Runner.Runs);
    }

    [Fact]
    public async Task A_fire_time_during_a_run_of_the_same_policy_is_skipped_and_logged()
    {
        await using RunningWorker worker = new();
        worker.WritePolicy("slow", "*/10 * * * *");
        worker.WritePolicy("other", "20 * * * *");
        TaskCompletionSource finish = new(TaskCreationOptions.RunContinuationsAsynchronously);
        worker.Runner.Body = (policy, _) => policy.Name.Name == "slow" ? finish.Task : Task.CompletedTask;
        await worker.StartAsync(scheduled: 2);

        await worker.AdvanceAsync("00:10", runs: 1);
        await worker.AdvanceAsync("00:20", runs: 2);
        await worker.UntilLoggedAsync("Backup of policy kubedr-system/slow skipped (Schedule)");
        finish.SetResult();
        await worker.UntilLoggedAsync("Backup of policy kubedr-system/slow completed");
        await worker.AdvanceAsync("00:30", runs: 3);

        Assert.Equal(
            ["slow Schedule 00:10:00", "other Schedule 00:20:00", "slow Schedule 00:30:00"], worker.Runner.Runs);
    }

    [Fact]
    public async Task Runs_beyond_the_limit_wait_for_their_turn()
    {
        await using RunningWorker worker = new() { Options = new() { RunsInParallelMax = 2 } };
        foreach (string name in new[] { "a", "b", "c" })
        {
            worker.WritePolicy(name, "10 * * * *");
        }

        using SemaphoreSlim finish = new(0);
        worker.Runner.Body = (_, token) => finish.WaitAsync(token);
        await worker.StartAsync(scheduled: 3);

        await worker.AdvanceAsync("00:10", runs: 2);
        Assert.Equal(2, worker.Runner.UnderWay);
        finish.Release();
        await worker.UntilRunsAsync(3);
        await TestDeadline.UntilAsync("two to be under way", () => Task.FromResult(worker.Runner.UnderWay == 2));
        finish.Release(2);
        await worker.UntilLoggedAsync("completed (Schedule)", 3);

        Assert.Equal(["a", "b", "c"], worker.Runner.Runs.Select(run => run[..1]).Order());
    }

    [Fact]
    public async Task A_missed_run_starts_once_when_the_worker_starts()
    {
        await using RunningWorker worker = new("2026-05-01T12:30:00Z");
        worker.WritePolicy("hourly", "@hourly");
        worker.Runner.SetLastBackup("hourly", worker.At("08:00:01"));
        await worker.StartAsync(scheduled: 1);

        await worker.UntilRunsAsync(1);
        await worker.AdvanceAsync("13:00", runs: 2);

        Assert.Equal(["hourly Missed 12:30:00", "hourly Schedule 13:00:00"], worker.Runner.Runs);
    }

    [Fact]
    public async Task No_run_is_missed_when_the_last_fire_time_has_a_backup()
    {
        await using RunningWorker worker = new("2026-05-01T12:30:00Z");
        worker.WritePolicy("hourly", "@hourly");
        worker.Runner.SetLastBackup("hourly", worker.At("12:00:00"));
        await worker.StartAsync(scheduled: 1);

        await worker.AdvanceAsync("13:00", runs: 1);

        Assert.Equal(["hourly Schedule 13:00:00"], worker.Runner.Runs);
    }

    [Fact]
    public async Task A_policy_that_was_never_backed_up_waits_for_its_first_fire_time()
    {
        await using RunningWorker worker = new("2026-05-01T12:30:00Z");
        worker.WritePolicy("hourly", "@hourly");
        await worker.StartAsync(scheduled: 1);

        await worker.AdvanceAsync("13:00", runs: 1);

        Assert.Equal(["hourly Schedule 13:00:00"], worker.Runner.Runs);
    }

    [Fact]
    public async Task Fire_times_during_a_sleep_of_the_machine_start_one_run()
    {
        await using RunningWorker worker = new();
        worker.WritePolicy("often", "*/10 * * * *");
        await worker.StartAsync(scheduled: 1);

        worker.Clock.JumpTo(worker.At("02:05"));
        await worker.UntilRunsAsync(1);
        await worker.UntilLoggedAsync("completed (Schedule)");
        await worker.AdvanceAsync("02:10", runs: 2);

        Assert.Equal(["often Schedule 02:05:00", "often Schedule 02:10:00"], worker.Runner.Runs);
    }

    [Fact]
    public async Task An_interval_counts_from_the_start_of_the_last_backup()
    {
        await using RunningWorker worker = new("2026-05-01T12:30:00Z");
        worker.WritePolicy("every", "@every 1h30m");
        worker.Runner.SetLastBackup("every", worker.At("11:10:00"));
        await worker.StartAsync(scheduled: 2);

        await worker.AdvanceAsync("12:40", runs: 1);
        await worker.UntilLoggedAsync("completed (Schedule)");
        await worker.AdvanceAsync("14:10", runs: 2);

        Assert.Equal(["every Schedule 12:40:00", "every Schedule 14:10:00"], worker.Runner.Runs);
    }

    [Fact]
    public async Task An_overdue_interval_starts_a_run_and_counts_from_it()
    {
        await using RunningWorker worker = new("2026-05-01T12:30:00Z");
        worker.WritePolicy("every", "@every 1h30m");
        worker.Runner.SetLastBackup("every", worker.At("01:00:00"));
        await worker.StartAsync(scheduled: 1);

        await worker.UntilRunsAsync(1);
        await worker.UntilLoggedAsync("completed (Missed)");
        await worker.AdvanceAsync("14:00", runs: 2);

        Assert.Equal(["every Missed 12:30:00", "every Schedule 14:00:00"], worker.Runner.Runs);
    }

    [Fact]
    public async Task A_policy_without_a_schedule_is_backed_up_only_once()
    {
        await using RunningWorker worker = new();
        worker.WritePolicy("first", null);
        worker.WritePolicy("done", null);
        worker.WritePolicy("often", "*/10 * * * *");
        worker.Runner.SetLastBackup("done", worker.At("00:00"));
        await worker.StartAsync(scheduled: 1);

        await worker.UntilLoggedAsync("completed (OnDemand)");
        worker.WritePolicy("new", null);
        await worker.AdvanceUntilLoggedAsync("completed (OnDemand)", 2);
        await worker.AdvanceAsync("00:10", runs: 3);

        Assert.Equal(
            ["first OnDemand", "new OnDemand", "often Schedule"],
            worker.Runner.Runs.Select(run => run[..run.LastIndexOf(' ')]));
    }

    [Fact]
    public async Task A_failed_run_is_logged_once_and_the_next_one_starts_on_schedule()
    {
        await using RunningWorker worker = new();
        worker.WritePolicy("often", "*/10 * * * *");
        worker.Runner.Body = (_, _) =>
            throw new BackupException(FailureReason.StoreFull, "Bucket b is full.") { Hint = "Make room." };
        await worker.StartAsync(scheduled: 1);

        await worker.AdvanceAsync("00:10", runs: 1);
        await worker.UntilLoggedAsync("failed (Schedule): StoreFull: Bucket b is full. Make room.");
        worker.Runner.Body = (_, _) => throw new InvalidOperationException("bug");
        await worker.AdvanceAsync("00:20", runs: 2);
        await worker.UntilLoggedAsync("failed unexpectedly (Schedule)");
        await worker.AdvanceAsync("00:30", runs: 3);

        Assert.Equal(1, worker.Log.Count("StoreFull"));
        Assert.Equal("often Schedule 00:30:00", worker.Runner.Runs[2]);
    }

    [Fact]
    public async Task A_repository_that_does_not_respond_is_read_again()
    {
        await using RunningWorker worker = new("2026-05-01T12:30:00Z");
        worker.WritePolicy("daily", "@daily");
        worker.Runner.SetLastBackup("daily", worker.At("12:00").AddDays(-3));
        worker.Runner.HistoryFailure = new BackupException(FailureReason.StoreUnreachable, "No route to s3.");
        await worker.StartAsync(scheduled: 1);
        await worker.UntilLoggedAsync("cannot be determined (StoreUnreachable): No route to s3.");

        worker.Runner.HistoryFailure = null;
        await worker.AdvanceUntilLoggedAsync("completed (Missed)");

        Assert.InRange(worker.Clock.GetUtcNow(), worker.At("12:35"), worker.At("13:00"));
        Assert.Equal(2, worker.Runner.HistoryReads);
        Assert.Equal(0, worker.Log.Count("(null)"));
    }

    [Fact]
    public async Task A_stop_lets_the_run_under_way_finish()
    {
        await using RunningWorker worker = new();
        worker.WritePolicy("often", "*/10 * * * *");
        TaskCompletionSource finish = new(TaskCreationOptions.RunContinuationsAsynchronously);
        worker.Runner.Body = (_, token) => finish.Task.WaitAsync(token);
        await worker.StartAsync(scheduled: 1);
        await worker.AdvanceAsync("00:10", runs: 1);

        Task stop = worker.StopAsync();
        await worker.UntilLoggedAsync("Stopping: 1 running backups have");
        Assert.False(stop.IsCompleted);
        finish.SetResult();
        await stop;

        Assert.Equal(1, worker.Log.Count("completed (Schedule)"));
        Assert.Equal(0, worker.Log.Count("cancelled"));
        Assert.EndsWith("The worker has stopped.", worker.Log.Lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stop_cancels_a_run_that_exceeds_the_grace_period_and_waits_for_it()
    {
        await using RunningWorker worker = new() { Options = new() { GracePeriod = TimeSpan.FromSeconds(30) } };
        worker.WritePolicy("often", "*/10 * * * *");
        TaskCompletionSource cleanedUp = new(TaskCreationOptions.RunContinuationsAsynchronously);
        worker.Runner.Body = async (_, token) =>
        {
            TaskCompletionSource cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);
            await using CancellationTokenRegistration registration = token.Register(cancelled.SetResult);
            await cancelled.Task;
            await cleanedUp.Task;
            token.ThrowIfCancellationRequested();
        };
        await worker.StartAsync(scheduled: 1);
        await worker.AdvanceAsync("00:10", runs: 1);

        Task stop = worker.StopAsync();
        await worker.UntilLoggedAsync("Stopping: 1 running backups have");
        worker.Clock.Advance(TimeSpan.FromSeconds(29));
        Assert.Equal(0, worker.Log.Count("did not finish in time"));
        await TestDeadline.UntilAsync("the grace period to end", () =>
        {
            worker.Clock.Advance(TimeSpan.FromSeconds(1));
            return Task.FromResult(worker.Log.Count("1 backups did not finish in time") == 1);
        });
        Assert.False(stop.IsCompleted);
        cleanedUp.SetResult();
        await stop;

        Assert.Equal(1, worker.Log.Count("Backup of policy kubedr-system/often cancelled"));
        Assert.Equal(0, worker.Log.Count("failed"));
    }
}
