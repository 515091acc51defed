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
        worker.Policy("often", "*/10 * * * *");
        worker.Policy("rarely", "15 * * * *");
        await worker.StartAsync(placed: 2);

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
        worker.Policy("nightly", "0 4 * * *", "timeZone: Europe/Berlin");
        await worker.StartAsync(placed: 1);

        await worker.AdvanceAsync("02:00", runs: 1);

        Assert.Equal(["nightly Schedule 02:00:00"], worker.Runner.Runs);
    }

    [Fact]
    public async Task A_fire_during_a_run_of_the_same_policy_is_skipped_and_logged()
    {
        await using RunningWorker worker = new();
        worker.Policy("slow", "*/10 * * * *");
        worker.Policy("other", "20 * * * *");
        TaskCompletionSource finish = new(TaskCreationOptions.RunContinuationsAsynchronously);
        worker.Runner.Body = (policy, _) => policy.Name.Name == "slow" ? finish.Task : Task.CompletedTask;
        await worker.StartAsync(placed: 2);

        await worker.AdvanceAsync("00:10", runs: 1);
        await worker.AdvanceAsync("00:20", runs: 2);
        await worker.LoggedAsync("Backup of policy kubedr-system/slow skipped (Schedule)");
        finish.SetResult();
        await worker.LoggedAsync("Backup of policy kubedr-system/slow completed");
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
            worker.Policy(name, "10 * * * *");
        }

        using SemaphoreSlim finish = new(0);
        worker.Runner.Body = (_, token) => finish.WaitAsync(token);
        await worker.StartAsync(placed: 3);

        await worker.AdvanceAsync("00:10", runs: 2);
        Assert.Equal(2, worker.Runner.UnderWay);
        finish.Release();
        await worker.RunsAsync(3);
        await TestDeadline.UntilAsync("two to be under way", () => Task.FromResult(worker.Runner.UnderWay == 2));
        finish.Release(2);
        await worker.LoggedAsync("completed (Schedule)", 3);

        Assert.Equal(["a", "b", "c"], worker.Runner.Runs.Select(run => run[..1]).Order());
    }

    [Fact]
    public async Task A_missed_run_is_made_up_once_at_the_start()
    {
        await using RunningWorker worker = new("2026-05-01T12:30:00Z");
        worker.Policy("hourly", "@hourly");
        worker.Runner.WasBackedUp("hourly", worker.At("08:00:01"));
        await worker.StartAsync(placed: 1);

        await worker.RunsAsync(1);
        await worker.AdvanceAsync("13:00", runs: 2);

        Assert.Equal(["hourly Missed 12:30:00", "hourly Schedule 13:00:00"], worker.Runner.Runs);
    }

    [Fact]
    public async Task Nothing_is_made_up_when_the_last_fire_time_was_served()
    {
        await using RunningWorker worker = new("2026-05-01T12:30:00Z");
        worker.Policy("hourly", "@hourly");
        worker.Runner.WasBackedUp("hourly", worker.At("12:00:00"));
        await worker.StartAsync(placed: 1);

        await worker.AdvanceAsync("13:00", runs: 1);

        Assert.Equal(["hourly Schedule 13:00:00"], worker.Runner.Runs);
    }

    [Fact]
    public async Task A_policy_that_was_never_backed_up_waits_for_its_first_fire_time()
    {
        await using RunningWorker worker = new("2026-05-01T12:30:00Z");
        worker.Policy("hourly", "@hourly");
        await worker.StartAsync(placed: 1);

        await worker.AdvanceAsync("13:00", runs: 1);

        Assert.Equal(["hourly Schedule 13:00:00"], worker.Runner.Runs);
    }

    [Fact]
    public async Task Fire_times_slept_through_are_made_up_by_one_run()
    {
        await using RunningWorker worker = new();
        worker.Policy("often", "*/10 * * * *");
        await worker.StartAsync(placed: 1);

        worker.Clock.JumpTo(worker.At("02:05"));
        await worker.RunsAsync(1);
        await worker.LoggedAsync("completed (Schedule)");
        await worker.AdvanceAsync("02:10", runs: 2);

        Assert.Equal(["often Schedule 02:05:00", "often Schedule 02:10:00"], worker.Runner.Runs);
    }

    [Fact]
    public async Task An_interval_counts_from_the_start_of_the_last_backup()
    {
        await using RunningWorker worker = new("2026-05-01T12:30:00Z");
        worker.Policy("every", "@every 1h30m");
        worker.Runner.WasBackedUp("every", worker.At("11:10:00"));
        await worker.StartAsync(placed: 2);

        await worker.AdvanceAsync("12:40", runs: 1);
        await worker.LoggedAsync("completed (Schedule)");
        await worker.AdvanceAsync("14:10", runs: 2);

        Assert.Equal(["every Schedule 12:40:00", "every Schedule 14:10:00"], worker.Runner.Runs);
    }

    [Fact]
    public async Task An_overdue_interval_is_made_up_and_counts_from_there()
    {
        await using RunningWorker worker = new("2026-05-01T12:30:00Z");
        worker.Policy("every", "@every 1h30m");
        worker.Runner.WasBackedUp("every", worker.At("01:00:00"));
        await worker.StartAsync(placed: 1);

        await worker.RunsAsync(1);
        await worker.LoggedAsync("completed (Missed)");
        await worker.AdvanceAsync("14:00", runs: 2);

        Assert.Equal(["every Missed 12:30:00", "every Schedule 14:00:00"], worker.Runner.Runs);
    }

    [Fact]
    public async Task A_policy_without_a_schedule_is_backed_up_once_ever()
    {
        await using RunningWorker worker = new();
        worker.Policy("first", null);
        worker.Policy("done", null);
        worker.Policy("often", "*/10 * * * *");
        worker.Runner.WasBackedUp("done", worker.At("00:00"));
        await worker.StartAsync(placed: 1);

        await worker.LoggedAsync("completed (OnDemand)");
        worker.Policy("new", null);
        await worker.AdvanceUntilLoggedAsync("completed (OnDemand)", 2);
        await worker.AdvanceAsync("00:10", runs: 3);

        Assert.Equal(
            ["first OnDemand", "new OnDemand", "often Schedule"],
            worker.Runner.Runs.Select(run => run[..run.LastIndexOf(' ')]));
    }

    [Fact]
    public async Task A_failed_run_is_logged_once_and_the_next_comes_at_its_time()
    {
        await using RunningWorker worker = new();
        worker.Policy("often", "*/10 * * * *");
        worker.Runner.Body = (_, _) =>
            throw new BackupException(FailureReason.StoreFull, "Bucket b is full.") { Hint = "Make room." };
        await worker.StartAsync(placed: 1);

        await worker.AdvanceAsync("00:10", runs: 1);
        await worker.LoggedAsync("failed (Schedule): StoreFull: Bucket b is full. Make room.");
        worker.Runner.Body = (_, _) => throw new InvalidOperationException("bug");
        await worker.AdvanceAsync("00:20", runs: 2);
        await worker.LoggedAsync("failed unexpectedly (Schedule)");
        await worker.AdvanceAsync("00:30", runs: 3);

        Assert.Equal(1, worker.Log.Count("StoreFull"));
        Assert.Equal("often Schedule 00:30:00", worker.Runner.Runs[2]);
    }

    [Fact]
    public async Task A_repository_that_does_not_answer_is_asked_again()
    {
        await using RunningWorker worker = new("2026-05-01T12:30:00Z");
        worker.Policy("daily", "@daily");
        worker.Runner.WasBackedUp("daily", worker.At("12:00").AddDays(-3));
        worker.Runner.HistoryFailure = new BackupException(FailureReason.StoreUnreachable, "No route to s3.");
        await worker.StartAsync(placed: 1);
        await worker.LoggedAsync("cannot be determined (StoreUnreachable): No route to s3.");

        worker.Runner.HistoryFailure = null;
        await worker.AdvanceUntilLoggedAsync("completed (Missed)");

        Assert.InRange(worker.Clock.GetUtcNow(), worker.At("12:35"), worker.At("13:00"));
        Assert.Equal(2, worker.Runner.QuestionsAsked);
        Assert.Equal(0, worker.Log.Count("(null)"));
    }

    [Fact]
    public async Task A_stop_lets_the_run_under_way_finish()
    {
        await using RunningWorker worker = new();
        worker.Policy("often", "*/10 * * * *");
        TaskCompletionSource finish = new(TaskCreationOptions.RunContinuationsAsynchronously);
        worker.Runner.Body = (_, token) => finish.Task.WaitAsync(token);
        await worker.StartAsync(placed: 1);
        await worker.AdvanceAsync("00:10", runs: 1);

        Task stop = worker.StopAsync();
        await worker.LoggedAsync("Stopping: 1 running backups have");
        Assert.False(stop.IsCompleted);
        finish.SetResult();
        await stop;

        Assert.Equal(1, worker.Log.Count("completed (Schedule)"));
        Assert.Equal(0, worker.Log.Count("cancelled"));
    }

    [Fact]
    public async Task A_stop_cancels_the_run_that_outlives_the_grace_period_and_awaits_its_end()
    {
        await using RunningWorker worker = new() { Options = new() { GracePeriod = TimeSpan.FromSeconds(30) } };
        worker.Policy("often", "*/10 * * * *");
        TaskCompletionSource cleanedUp = new(TaskCreationOptions.RunContinuationsAsynchronously);
        worker.Runner.Body = async (_, token) =>
        {
            TaskCompletionSource cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);
            await using CancellationTokenRegistration registration = token.Register(cancelled.SetResult);
            await cancelled.Task;
            await cleanedUp.Task;
            token.ThrowIfCancellationRequested();
        };
        await worker.StartAsync(placed: 1);
        await worker.AdvanceAsync("00:10", runs: 1);

        Task stop = worker.StopAsync();
        await worker.LoggedAsync("Stopping: 1 running backups have");
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
