using EtcdBackupAgent.Core.Failures;
using Xunit;

namespace EtcdBackupAgent.Tests.Worker;

public sealed class ResourceChangeTests
{
    [Fact]
    public async Task A_start_with_errors_fails_and_names_all_of_them()
    {
        await using RunningWorker worker = new();
        worker.Policy("a", "99 * * * *");
        worker.Policy("b", "@hourly", "retainNumBackups: 0\n  retainNumBackup: 3");

        BackupException e = await Assert.ThrowsAsync<BackupException>(() => worker.StartAsync(placed: 0));

        Assert.Equal(FailureReason.InvalidInput, e.Reason);
        Assert.Contains("have 2 errors:", e.Message, StringComparison.Ordinal);
        Assert.Contains(
            "error: a.yaml:7: MetadataBackupPolicy kubedr-system/a: spec.schedule: '99 * * * *': minute: 99",
            e.Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "error: b.yaml:8: MetadataBackupPolicy kubedr-system/b: spec.retainNumBackups: 0 is out of range",
            e.Message,
            StringComparison.Ordinal);
        Assert.Contains("warning: b.yaml:9: ", e.Message, StringComparison.Ordinal);
        Assert.Contains("did you mean 'retainNumBackups'?", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_suspended_policy_does_not_run_until_it_is_resumed()
    {
        await using RunningWorker worker = new();
        worker.Policy("often", "*/10 * * * *", "suspend: true");
        worker.Policy("other", "10 * * * *");
        worker.Policy("once", null, "suspend: true");
        await worker.StartAsync(placed: 1);
        await worker.AdvanceAsync("00:10", runs: 1);

        worker.Policy("often", "*/10 * * * *", "suspend: false");
        await worker.AdvanceUntilLoggedAsync("Policy kubedr-system/often on schedule");
        await worker.AdvanceAsync("00:20", runs: 2);

        Assert.Equal(["other Schedule 00:10:00", "often Schedule 00:20:00"], worker.Runner.Runs);
    }

    [Fact]
    public async Task A_worker_that_is_woken_takes_a_new_policy_up_at_once()
    {
        await using RunningWorker worker = new();
        worker.Policy("first", "*/10 * * * *");
        await worker.StartAsync(placed: 1);
        worker.Policy("second", "*/10 * * * *");
        Assert.False(worker.BackUpNow("second"));

        worker.Wake();
        await worker.LoggedAsync("is next due at", 2);

        Assert.True(worker.BackUpNow("second"));
        await worker.RunsAsync(1);
        Assert.Equal(["second OnDemand 00:01:00"], worker.Runner.Runs);

        worker.Delete("first.yaml");
        worker.Wake();
        await worker.LoggedAsync("Policy kubedr-system/first is removed.");
    }

    [Fact]
    public async Task New_changed_and_removed_files_are_taken_up()
    {
        await using RunningWorker worker = new();
        worker.Policy("changed", "*/10 * * * *");
        worker.Policy("removed", "*/10 * * * *");
        await worker.StartAsync(placed: 2);

        worker.Policy("changed", "12 * * * *");
        worker.Policy("added", "14 * * * *");
        worker.Delete("removed.yaml");
        await worker.AdvanceUntilLoggedAsync("is next due at", 4);
        await worker.AdvanceAsync("00:12", runs: 1);
        await worker.AdvanceAsync("00:14", runs: 2);

        Assert.Equal(["changed Schedule 00:12:00", "added Schedule 00:14:00"], worker.Runner.Runs);
        Assert.Equal(1, worker.Log.Count("Policy kubedr-system/removed is removed."));
    }

    [Fact]
    public async Task A_file_that_was_only_touched_moves_nothing()
    {
        await using RunningWorker worker = new();
        worker.Policy("often", "*/10 * * * *");
        await worker.StartAsync(placed: 1);

        worker.Policy("often", "*/10 * * * *");
        await worker.AdvanceAsync("00:10", runs: 1);

        Assert.Equal(0, worker.Log.Count("The resources have changed"));
    }

    [Fact]
    public async Task A_document_that_becomes_invalid_keeps_its_last_good_version()
    {
        await using RunningWorker worker = new();
        worker.Policy("often", "*/10 * * * *");
        worker.Policy("other", "5 * * * *");
        await worker.StartAsync(placed: 2);

        worker.Policy("often", "*/10 * * *");
        worker.Delete("other.yaml");
        await worker.AdvanceUntilLoggedAsync("other is removed");
        await worker.AdvanceAsync("00:10", runs: 1);
        worker.Policy("often", "12 * * * *");
        await worker.AdvanceUntilLoggedAsync("is next due at", 3);
        await worker.AdvanceAsync("00:12", runs: 2);

        Assert.Equal(["often Schedule 00:10:00", "often Schedule 00:12:00"], worker.Runner.Runs);
        Assert.Equal(1, worker.Log.Count("a schedule has 5 fields"));
    }

    [Fact]
    public async Task Text_that_is_no_YAML_removes_nothing()
    {
        await using RunningWorker worker = new();
        worker.Policy("often", "*/10 * * * *");
        await worker.StartAsync(placed: 1);

        worker.Write("often.yaml", "apiVersion: [half a fi");
        await worker.AdvanceUntilLoggedAsync("often.yaml:2: file: is not readable as YAML");
        await worker.AdvanceAsync("00:10", runs: 1);

        Assert.Equal(["often Schedule 00:10:00"], worker.Runner.Runs);
        Assert.Equal(0, worker.Log.Count("is removed"));
    }

    [Fact]
    public async Task A_policy_keeps_the_location_it_needs_when_that_is_deleted()
    {
        await using RunningWorker worker = new();
        worker.Policy("often", "*/10 * * * *");
        await worker.StartAsync(placed: 1);

        worker.Delete("location.yaml");
        await worker.AdvanceUntilLoggedAsync("there is no BackupLocation kubedr-system/disk");
        await worker.AdvanceAsync("00:10", runs: 1);

        Assert.Equal(["often Schedule 00:10:00"], worker.Runner.Runs);
    }
}
