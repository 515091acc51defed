using EtcdBackupAgent.Core.Failures;
using Xunit;

namespace EtcdBackupAgent.Tests.Worker;

/// <summary>Lets every single reading of the resources fail, one after the other.</summary>
public sealed class ResourceFaultTests
{
    private const string Unreadable = "The resources cannot be read";

    [Fact]
    public async Task A_first_reading_that_fails_ends_the_start_with_what_failed_and_the_next_start_works()
    {
        await using RunningWorker worker = new();
        worker.Policy("often", "*/10 * * * *");
        FailReadings(worker, from: 1, count: 1);

        BackupException e = await Assert.ThrowsAsync<BackupException>(() => worker.StartAsync(placed: 0));
        Assert.Equal("The test let reading 1 fail.", e.Message);
        Assert.False(worker.Health.Readiness().IsGood);

        await worker.StartAsync(placed: 1);
        await worker.AdvanceAsync("00:10", runs: 1);
        Assert.Equal(["often Schedule 00:10:00"], worker.Runner.Runs);
    }

    [Theory]
    [InlineData(2, 1)]
    [InlineData(3, 1)]
    [InlineData(4, 1)]
    [InlineData(5, 1)]
    [InlineData(2, 3)]
    [InlineData(3, 3)]
    public async Task A_later_reading_that_fails_costs_no_run_and_the_next_one_takes_up_what_has_changed(
        int from,
        int count)
    {
        await using RunningWorker worker = new();
        worker.Policy("often", "*/10 * * * *");
        FailReadings(worker, from, count);
        await worker.StartAsync(placed: 1);

        worker.Policy("added", "*/10 * * * *");
        await worker.AdvanceUntilLoggedAsync("is next due at", 2);
        await worker.AdvanceUntilLoggedAsync(Unreadable);
        await worker.AdvanceUntilReadyAsync(ready: true);
        await worker.AdvanceAsync("00:10", runs: 2);

        Assert.Equal(
            ["added Schedule 00:10:00", "often Schedule 00:10:00"],
            worker.Runner.Runs.Order(StringComparer.Ordinal));
        Assert.Equal(1, worker.Log.Count(Unreadable));
        Assert.Equal(1, worker.Log.Count($"The test let reading {from} fail."));
        Assert.Equal(0, worker.Log.Count("is removed"));
    }

    private static void FailReadings(RunningWorker worker, int from, int count)
    {
        int readings = 0;
        worker.Reading = () =>
        {
            int reading = ++readings;
            return reading >= from && reading < from + count
                ? throw new BackupException(FailureReason.InvalidInput, $"The test let reading {reading} fail.")
                : Task.CompletedTask;
        };
    }
}
