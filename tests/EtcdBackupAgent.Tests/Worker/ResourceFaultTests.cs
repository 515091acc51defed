using EtcdBackupAgent.Core.Failures;
using Xunit;

namespace EtcdBackupAgent.Tests.Worker;

/// <summary>Makes each read of the resources fail, one after the other.</summary>
public sealed class ResourceFaultTests
{
    private const string Unreadable = "The resources cannot be read";

    [Fact]
    public async Task A_failed_first_read_fails_the_start_and_the_next_start_works()
    {
        await using RunningWorker worker = new();
        worker.WritePolicy("often", "*/10 * * * *");
        FailReads(worker, from: 1, count: 1);

        BackupException e = await Assert.ThrowsAsync<BackupException>(() => worker.StartAsync(scheduled: 0));
        Assert.Equal("The test makes read 1 fail.", e.Message);
        Assert.False(worker.Health.Readiness().IsSuccess);

        await worker.StartAsync(scheduled: 1);
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
    public async Task A_failed_later_read_costs_no_run_and_the_next_read_applies_the_changes(
        int from,
        int count)
    {
        await using RunningWorker worker = new();
        worker.WritePolicy("often", "*/10 * * * *");
        FailReads(worker, from, count);
        await worker.StartAsync(scheduled: 1);

        worker.WritePolicy("added", "*/10 * * * *");
        await worker.AdvanceUntilLoggedAsync("is next due at", 2);
        await worker.AdvanceUntilLoggedAsync(Unreadable);
        await worker.AdvanceUntilReadyAsync(ready: true);
        await worker.AdvanceAsync("00:10", runs: 2);

        Assert.Equal(
            ["added Schedule 00:10:00", "often Schedule 00:10:00"],
            worker.Runner.Runs.Order(StringComparer.Ordinal));
        Assert.Equal(1, worker.Log.Count(Unreadable));
        Assert.Equal(1, worker.Log.Count($"The test makes read {from} fail."));
        Assert.Equal(0, worker.Log.Count("is removed"));
    }

    private static void FailReads(RunningWorker worker, int from, int count)
    {
        int reads = 0;
        worker.BeforeRead = () =>
        {
            int read = ++reads;
            return read >= from && read < from + count
                ? throw new BackupException(FailureReason.InvalidInput, $"The test makes read {read} fail.")
                : Task.CompletedTask;
        };
    }
}
