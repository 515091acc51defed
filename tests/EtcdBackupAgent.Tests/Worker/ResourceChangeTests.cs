using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Testing;
using Xunit;

namespace EtcdBackupAgent.Tests.Worker;

public sealed class ResourceChangeTests
{
    [Fact]
    public async Task Invalid_documents_fail_the_start_and_every_error_is_named()
    {
        await using RunningWorker worker = new();
        worker.WritePolicy("a", "99 * * * *");
        worker.WritePolicy("b", "@hourly", "retainNumBackups: 0\n  retainNumBackup: 3");

        BackupException e = await Assert.ThrowsAsync<BackupException>(() => worker.StartAsync(scheduled: 0));

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
        worker.WritePolicy("often", "*/10 * * * *", "suspend: true");
        worker.WritePolicy("other", "10 * * * *");
        worker.WritePolicy("once", null, "suspend: true");
        await worker.StartAsync(scheduled: 1);
        await worker.AdvanceAsync("00:10", runs: 1);

        worker.WritePolicy("often", "*/10 * * * *", "suspend: false");
        await worker.AdvanceUntilLoggedAsync("Policy kubedr-system/often on schedule");
        await worker.AdvanceAsync("00:20", runs: 2);

        Assert.Equal(["other Schedule 00:10:00", "often Schedule 00:20:00"], worker.Runner.Runs);
    }

    [Fact]
    public async Task A_woken_worker_applies_a_new_policy_at_once()
    {
        await using RunningWorker worker = new();
        worker.WritePolicy("first", "*/10 * * * *");
        await worker.StartAsync(scheduled: 1);
        worker.WritePolicy("second", "*/10 * * * *");
        Assert.False(worker.BackUpNow("second"));

        worker.Wake();
        await worker.UntilLoggedAsync("is next due at", 2);

        Assert.True(worker.BackUpNow("second"));
        await worker.UntilRunsAsync(1);
        Assert.Equal(["second OnDemand 00:01:00"], worker.Runner.Runs);

        worker.Delete("first.yaml");
        worker.Wake();
        await worker.UntilLoggedAsync("Policy kubedr-system/first is removed.");
    }

    [Fact]
    public async Task A_backup_for_a_restore_point_is_refused_while_another_one_runs()
    {
        TaskCompletionSource first = new();
        await using RunningWorker worker = new();
        worker.Runner.Body = (_, _) => first.Task;
        worker.WritePolicy("busy", "*/10 * * * *");
        await worker.StartAsync(scheduled: 1);
        Assert.True(worker.BackUpNow("busy"));
        await worker.UntilRunsAsync(1);

        // A request without one is satisfied by the backup that runs. One with it would be too early.
        Assert.True(worker.BackUpNow("busy"));
        Assert.False(worker.BackUpNow("busy", restorePoint: 7));
        Assert.Single(worker.Runner.Runs);

        first.SetResult();
        await TestDeadline.UntilAsync(
            "the backup to be accepted", () => Task.FromResult(worker.BackUpNow("busy", restorePoint: 7)));
        await worker.UntilRunsAsync(2);
    }

    [Fact]
    public async Task A_watched_field_has_no_effect_without_a_cluster_and_warns()
    {
        await using RunningWorker worker = new();
        worker.WritePolicy(
            "upgraded",
            "*/10 * * * *",
            "beforeUpgrade: {watch: {apiVersion: v1, kind: ConfigMap, name: a, field: .data.b}}");

        await worker.StartAsync(scheduled: 1);

        await worker.UntilLoggedAsync("spec.beforeUpgrade: has no effect here");
    }

    [Fact]
    public async Task New_changed_and_removed_files_are_applied()
    {
        await using RunningWorker worker = new();
        worker.WritePolicy("changed", "*/10 * * * *");
        worker.WritePolicy("removed", "*/10 * * * *");
        await worker.StartAsync(scheduled: 2);

        worker.WritePolicy("changed", "12 * * * *");
        worker.WritePolicy("added", "14 * * * *");
        worker.Delete("removed.yaml");
        await worker.AdvanceUntilLoggedAsync("is next due at", 4);
        await worker.AdvanceAsync("00:12", runs: 1);
        await worker.AdvanceAsync("00:14", runs: 2);

        Assert.Equal(["changed Schedule 00:12:00", "added Schedule 00:14:00"], worker.Runner.Runs);
        Assert.Equal(1, worker.Log.Count("Policy kubedr-system/removed is removed."));
    }

    [Fact]
    public async Task A_file_with_unchanged_content_changes_nothing()
    {
        await using RunningWorker worker = new();
        worker.WritePolicy("often", "*/10 * * * *");
        await worker.StartAsync(scheduled: 1);

        worker.WritePolicy("often", "*/10 * * * *");
        await worker.AdvanceAsync("00:10", runs: 1);

        Assert.Equal(0, worker.Log.Count("The resources have changed"));
    }

    [Fact]
    public async Task A_document_that_becomes_invalid_keeps_its_last_good_version()
    {
        await using RunningWorker worker = new();
        worker.WritePolicy("often", "*/10 * * * *");
        worker.WritePolicy("other", "5 * * * *");
        await worker.StartAsync(scheduled: 2);

        worker.WritePolicy("often", "*/10 * * *");
        worker.Delete("other.yaml");
        await worker.AdvanceUntilLoggedAsync("other is removed");
        await worker.AdvanceAsync("00:10", runs: 1);
        worker.WritePolicy("often", "12 * * * *");
        await worker.AdvanceUntilLoggedAsync("is next due at", 3);
        await worker.AdvanceAsync("00:12", runs: 2);

        Assert.Equal(["often Schedule 00:10:00", "often Schedule 00:12:00"], worker.Runner.Runs);
        Assert.Equal(1, worker.Log.Count("a schedule has 5 fields"));
    }

    [Fact]
    public async Task A_file_that_is_not_valid_YAML_removes_no_policy()
    {
        await using RunningWorker worker = new();
        worker.WritePolicy("often", "*/10 * * * *");
        await worker.StartAsync(scheduled: 1);

        worker.Write("often.yaml", "apiVersion: [half a fi");
        await worker.AdvanceUntilLoggedAsync("often.yaml:2: file: is not readable as YAML");
        await worker.AdvanceAsync("00:10", runs: 1);

        Assert.Equal(["often Schedule 00:10:00"], worker.Runner.Runs);
        Assert.Equal(0, worker.Log.Count("is removed"));
    }

    [Fact]
    public async Task A_policy_keeps_its_location_when_the_location_is_deleted()
    {
        await using RunningWorker worker = new();
        worker.WritePolicy("often", "*/10 * * * *");
        await worker.StartAsync(scheduled: 1);

        worker.Delete("location.yaml");
        await worker.AdvanceUntilLoggedAsync("there is no BackupLocation kubedr-system/disk");
        await worker.AdvanceAsync("00:10", runs: 1);

        Assert.Equal(["often Schedule 00:10:00"], worker.Runner.Runs);
    }
}
