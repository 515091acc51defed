using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Tests.Observability;
using Xunit;

namespace EtcdBackupAgent.Tests.Worker;

public sealed class PolicyArchivesTests
{
    private const string Secret = """
        apiVersion: v1
        kind: Secret
        metadata: {name: etcd-creds}
        stringData: {ca.crt: "one", client.crt: "one", client.key: "one"}
        """;

    [Fact]
    public async Task The_log_of_each_policy_that_wants_one_is_written_until_the_worker_stops()
    {
        await using RunningWorker worker = new();
        worker.WritePolicy("logged", "@daily", "changeLog: {}");
        worker.WritePolicy("plain", "@daily");
        worker.WritePolicy("suspended", "@daily", "changeLog: {}\n  suspend: true");
        await worker.StartAsync(scheduled: 2);
        await UntilArchivesAsync(worker, "logged begins");

        await worker.StopAsync();

        Assert.Equal(["logged begins", "logged ends"], worker.Runner.Archives);
    }

    [Fact]
    public async Task A_changed_policy_is_written_again_and_only_that_one()
    {
        await using RunningWorker worker = new();
        worker.Write("secret.yaml", Secret);
        worker.WritePolicy("a", "@daily", "changeLog: {closeEvery: 10s}\n  options: {other: thing}");
        await worker.StartAsync(scheduled: 1);
        await UntilArchivesAsync(worker, "a begins");

        worker.WritePolicy("b", "@daily", "changeLog: {}");
        await worker.AdvanceUntilLoggedAsync("The resources have changed", 1);
        await UntilArchivesAsync(worker, "a begins", "b begins");

        worker.WritePolicy("a", "@daily", "changeLog: {closeEvery: 20s}\n  options: {other: thing}");
        await worker.AdvanceUntilLoggedAsync("The resources have changed", 2);
        await UntilArchivesAsync(worker, "a begins", "b begins", "a ends", "a begins");

        worker.Delete("a.yaml");
        await worker.AdvanceUntilLoggedAsync("The resources have changed", 3);
        worker.WritePolicy("b", "@daily", "changeLog: {}\n  suspend: true");
        await worker.AdvanceUntilLoggedAsync("The resources have changed", 4);
        worker.WritePolicy("b", "@daily", "changeLog: {}");
        await worker.AdvanceUntilLoggedAsync("The resources have changed", 5);

        await UntilArchivesAsync(
            worker, "a begins", "b begins", "a ends", "a begins", "a ends", "b ends", "b begins");
    }

    [Theory]
    [InlineData("secret.yaml", Secret, "\"one\"}", "\"two\"}")]
    [InlineData("location.yaml", null, "var/backups", "var/other")]
    public async Task A_log_is_written_again_if_what_it_uses_changes(string file, string? text, string old, string @new)
    {
        await using RunningWorker worker = new();
        worker.Write("secret.yaml", Secret);
        worker.WritePolicy("a", "@daily", "changeLog: {}");
        await worker.StartAsync(scheduled: 1);
        await UntilArchivesAsync(worker, "a begins");

        worker.Write(file, (text ?? worker.Read(file)).Replace(old, @new, StringComparison.Ordinal));
        await worker.AdvanceUntilLoggedAsync("The resources have changed");

        await UntilArchivesAsync(worker, "a begins", "a ends", "a begins");
    }

    [Fact]
    public async Task A_new_writer_waits_for_the_end_of_the_one_before_it()
    {
        await using RunningWorker worker = new();
        TaskCompletionSource stored = new(TaskCreationOptions.RunContinuationsAsynchronously);
        worker.Runner.Archive = async (_, stopping) =>
        {
            await ScriptedRunner.UntilStoppedAsync(stopping);
            await stored.Task;
        };
        worker.WritePolicy("a", "@daily", "changeLog: {}");
        await worker.StartAsync(scheduled: 1);
        await UntilArchivesAsync(worker, "a begins");
        worker.WritePolicy("a", "@daily", "changeLog: {keep: 1d}");
        await worker.AdvanceUntilLoggedAsync("The resources have changed");
        worker.Delete("a.yaml");
        await worker.AdvanceUntilLoggedAsync("The resources have changed", 2);
        worker.WritePolicy("a", "@daily", "changeLog: {keep: 2d}");
        await worker.AdvanceUntilLoggedAsync("The resources have changed", 3);
        Assert.Equal(["a begins"], worker.Runner.Archives);

        stored.SetResult();

        await UntilArchivesAsync(worker, "a begins", "a ends", "a begins");
    }

    [Fact]
    public async Task A_policy_that_fails_is_tried_again_and_disturbs_no_other()
    {
        await using RunningWorker worker = new();
        int attempts = 0;
        worker.Runner.Archive = (log, stopping) => log.Policy.Name.Name switch
        {
            "away" => throw new BackupException(FailureReason.StoreUnreachable, $"Attempt {++attempts} failed."),
            "buggy" => throw new InvalidOperationException("a bug"),
            _ => ScriptedRunner.UntilStoppedAsync(stopping),
        };
        worker.WritePolicy("away", "@daily", "changeLog: {}");
        worker.WritePolicy("buggy", "@daily", "changeLog: {}");
        worker.WritePolicy("good", "*/10 * * * *", "changeLog: {}");
        await worker.StartAsync(scheduled: 3);

        await worker.AdvanceUntilLoggedAsync(
            "The change log of policy kubedr-system/away is not written (StoreUnreachable): Attempt 4 failed.");
        await worker.AdvanceUntilLoggedAsync(
            "The change log of policy kubedr-system/buggy is not written (Unexpected): "
            + "InvalidOperationException: a bug",
            times: 4);
        await worker.AdvanceUntilLoggedAsync("Backup of policy kubedr-system/good completed");

        Assert.Equal(
            ["good begins"], worker.Runner.Archives.Where(a => a.StartsWith("good", StringComparison.Ordinal)));
        worker.Runner.Archive = static (_, stopping) => ScriptedRunner.UntilStoppedAsync(stopping);
        await TestDeadline.UntilAsync("all logs are written", () =>
        {
            worker.Clock.Advance(TimeSpan.FromSeconds(1));
            return Task.FromResult(
                worker.Runner.Archives.Count(a => a.EndsWith("begins", StringComparison.Ordinal))
                - worker.Runner.Archives.Count(a => a.EndsWith("ends", StringComparison.Ordinal)) == 3);
        });
    }

    [Fact]
    public async Task A_snapshot_of_the_log_never_overlaps_a_run_of_its_policy()
    {
        await using RunningWorker worker = new("2026-05-01T00:09:59Z");
        TaskCompletionSource runMayEnd = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource snapshotIsDue = new(TaskCreationOptions.RunContinuationsAsynchronously);
        worker.Runner.Body = (_, token) => runMayEnd.Task.WaitAsync(token);
        worker.Runner.Archive = async (log, stopping) =>
        {
            await snapshotIsDue.Task.WaitAsync(stopping);
            await Assert.ThrowsAsync<BackupException>(() => log.MakeSnapshot(new() { Lineage = new() }, stopping));
            await ScriptedRunner.UntilStoppedAsync(stopping);
        };
        worker.WritePolicy("a", "*/10 * * * *", "changeLog: {}");
        await worker.StartAsync(scheduled: 1);
        await worker.AdvanceAsync("00:10", runs: 1);
        snapshotIsDue.SetResult();
        await worker.AdvanceUntilLoggedAsync("Backup of policy kubedr-system/a skipped (Schedule)");
        Assert.Equal(1, worker.Runner.UnderWay);
        Assert.Single(worker.Runner.Runs);

        runMayEnd.SetResult();

        await worker.UntilRunsAsync(2);
        Assert.StartsWith("a Schedule 00:2", worker.Runner.Runs[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_policy_with_a_change_log_and_without_a_schedule_is_not_backed_up_in_addition()
    {
        await using RunningWorker worker = new();
        worker.WritePolicy("logged", null, "changeLog: {}");
        worker.WritePolicy("once", null);
        await worker.StartAsync(scheduled: 0);
        await worker.UntilRunsAsync(1);
        await UntilArchivesAsync(worker, "logged begins");

        Assert.Equal(["once OnDemand 00:01:00"], worker.Runner.Runs);
        using SeriesReader series = new(worker.Metrics);
        Assert.Equal("86400", series["etcd_backup_agent_schedule_interval_seconds{policyName=\"logged\"}"]);
    }

    [Fact]
    public async Task The_series_of_a_log_exist_while_it_is_written()
    {
        await using RunningWorker worker = new();
        worker.Runner.Archive = (log, stopping) =>
        {
            log.Observer.Received(5);
            return ScriptedRunner.UntilStoppedAsync(stopping);
        };
        worker.WritePolicy("a", "@daily", "changeLog: {}");
        await worker.StartAsync(scheduled: 1);
        await UntilArchivesAsync(worker, "a begins");
        using SeriesReader series = new(worker.Metrics);
        Assert.Equal("5", series["etcd_backup_agent_change_log_records_total{policyName=\"a\"}"]);

        worker.WritePolicy("a", "@daily", "changeLog: {}\n  suspend: true");
        await worker.AdvanceUntilLoggedAsync("Policy kubedr-system/a is suspended.");

        Assert.Null(series["etcd_backup_agent_change_log_records_total{policyName=\"a\"}"]);
    }

    private static Task UntilArchivesAsync(RunningWorker worker, params string[] expected) => TestDeadline.UntilAsync(
        $"the change logs {string.Join(", ", expected)}, not {string.Join(", ", worker.Runner.Archives)}",
        () => Task.FromResult(worker.Runner.Archives.SequenceEqual(expected)));
}
