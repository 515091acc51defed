using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Observability.Prometheus;
using EtcdBackupAgent.Testing;
using Xunit;

namespace EtcdBackupAgent.Tests.Worker;

/// <summary>The health and the metrics that the worker reports.</summary>
public sealed class WorkerHealthTests
{
    [Fact]
    public async Task Liveness_fails_while_the_main_loop_hangs_and_recovers_with_it()
    {
        await using RunningWorker worker = new();
        worker.WritePolicy("often", "*/10 * * * *");
        Assert.False(worker.Health.Readiness().IsSuccess);
        await worker.StartAsync(scheduled: 1);
        await UntilAsync("the worker to be ready", () => worker.Health.Readiness().IsSuccess);

        TaskCompletionSource resume = new(TaskCreationOptions.RunContinuationsAsynchronously);
        worker.BeforeRead = () => resume.Task;
        worker.Clock.Advance(worker.Options.ReloadPeriod);
        await UntilAsync("the worker to hang", () => worker.IsReading);
        Assert.True(worker.Health.Liveness().IsSuccess);
        worker.Clock.Advance(worker.Options.SilenceMax + TimeSpan.FromSeconds(1));
        Assert.False(worker.Health.Liveness().IsSuccess);

        worker.BeforeRead = () => Task.CompletedTask;
        resume.SetResult();
        await TestDeadline.UntilAsync("the worker to move", () =>
        {
            worker.Clock.Advance(worker.Options.ReloadPeriod);
            return Task.FromResult(worker.Health.Liveness().IsSuccess);
        });
    }

    [Fact]
    public async Task The_worker_is_not_ready_while_its_resources_cannot_be_read()
    {
        await using RunningWorker worker = new();
        await worker.StartAsync(scheduled: 0);
        await UntilAsync("the worker to be ready", () => worker.Health.Readiness().IsSuccess);

        worker.BeforeRead = () => throw new BackupException(FailureReason.InvalidInput, "The directory is gone.");
        await worker.AdvanceUntilReadyAsync(ready: false);
        Assert.Equal("resources: not yet\ntimetable: ok\n", worker.Health.Readiness().Text);

        worker.BeforeRead = () => Task.CompletedTask;
        await worker.AdvanceUntilReadyAsync(ready: true);
    }

    [Fact]
    public async Task The_interval_metric_follows_the_schedule_and_ends_with_the_policy()
    {
        await using RunningWorker worker = new();
        worker.WritePolicy("often", "*/10 * * * *");
        await worker.StartAsync(scheduled: 1);
        using MeterReader reader = new(worker.Metrics.Meter);
        Assert.Equal(600, Interval(reader));

        worker.WritePolicy("often", "0 * * * *");
        await worker.AdvanceUntilLoggedAsync("is next due at", 2);
        Assert.Equal(3600, Interval(reader));

        worker.WritePolicy("often", "0 * * * *", "suspend: true");
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
