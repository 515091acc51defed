using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Observability.Prometheus;
using EtcdBackupAgent.Testing;
using Xunit;

namespace EtcdBackupAgent.Tests.Worker;

/// <summary>What the worker says of itself and of its policies.</summary>
public sealed class WorkerHealthTests
{
    [Fact]
    public async Task A_loop_that_hangs_is_taken_for_dead_and_for_alive_when_it_moves_on()
    {
        await using RunningWorker worker = new();
        worker.Policy("often", "*/10 * * * *");
        Assert.False(worker.Health.Readiness().IsGood);
        await worker.StartAsync(placed: 1);
        await UntilAsync("the worker to be ready", () => worker.Health.Readiness().IsGood);

        TaskCompletionSource goOn = new(TaskCreationOptions.RunContinuationsAsynchronously);
        worker.Reading = () => goOn.Task;
        worker.Clock.Advance(worker.Options.ReloadPeriod);
        await UntilAsync("the worker to hang", () => worker.IsReading);
        Assert.True(worker.Health.Liveness().IsGood);
        worker.Clock.Advance(worker.Options.SilenceMax + TimeSpan.FromSeconds(1));
        Assert.False(worker.Health.Liveness().IsGood);

        worker.Reading = () => Task.CompletedTask;
        goOn.SetResult();
        await TestDeadline.UntilAsync("the worker to move", () =>
        {
            worker.Clock.Advance(worker.Options.ReloadPeriod);
            return Task.FromResult(worker.Health.Liveness().IsGood);
        });
    }

    [Fact]
    public async Task Resources_that_cannot_be_read_make_it_not_ready_until_they_can()
    {
        await using RunningWorker worker = new();
        await worker.StartAsync(placed: 0);
        await UntilAsync("the worker to be ready", () => worker.Health.Readiness().IsGood);

        worker.Reading = () => throw new BackupException(FailureReason.InvalidInput, "The directory is gone.");
        await worker.AdvanceUntilReadyAsync(ready: false);
        Assert.Equal("resources: not yet\ntimetable: ok\n", worker.Health.Readiness().Text);

        worker.Reading = () => Task.CompletedTask;
        await worker.AdvanceUntilReadyAsync(ready: true);
    }

    [Fact]
    public async Task The_interval_of_a_schedule_is_told_follows_changes_and_goes_with_the_policy()
    {
        await using RunningWorker worker = new();
        worker.Policy("often", "*/10 * * * *");
        await worker.StartAsync(placed: 1);
        using MeterReader reader = new(worker.Metrics.Meter);
        Assert.Equal(600, Interval(reader));

        worker.Policy("often", "0 * * * *");
        await worker.AdvanceUntilLoggedAsync("is next due at", 2);
        Assert.Equal(3600, Interval(reader));

        worker.Policy("often", "0 * * * *", "suspend: true");
        await worker.AdvanceUntilLoggedAsync("is suspended");
        Assert.Null(Interval(reader));

        worker.Delete("often.yaml");
        await worker.AdvanceUntilLoggedAsync("is removed");
        Assert.DoesNotContain("often", PrometheusText.Write(reader.Read()), StringComparison.Ordinal);
    }

    private static Task UntilAsync(string what, Func<bool> condition) =>
        TestDeadline.UntilAsync(what, () => Task.FromResult(condition()));

    private static double? Interval(MeterReader reader) => reader.Read()
        .Single(family => family.Name == "etcd_backup_agent_schedule_interval_seconds")
        .Samples.SingleOrDefault()?.Value;
}
