using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Observability.Metrics;
using EtcdBackupAgent.Observability.Prometheus;
using Xunit;

namespace EtcdBackupAgent.Tests.Observability.Metrics;

public sealed class AgentMetricsTests : IDisposable
{
    private const string Failures = "etcd_backup_agent_backup_failures_total";

    private readonly MeasuredAgent _agent = new();

    public void Dispose() => _agent.Dispose();

    [Fact]
    public void The_buckets_are_those_of_kubedr() => Assert.Equal(
        [15, 30, 60, 300, 600, 900, 1800, 3600, 7200, 10800, 14400, 18000, 21600, 25200, 28800, 32400, 36000],
        AgentMetrics.DurationBuckets);

    [Fact]
    public void A_success_and_a_failure_are_counted_separately()
    {
        _agent.Metrics.BackupFinished(_agent.Success("nightly"));
        _agent.Clock.Advance(TimeSpan.FromHours(1));
        _agent.Metrics.BackupFinished(_agent.Failure("nightly", FailureReason.StoreFull));

        Assert.Equal("2", _agent["kubedr_num_backups{policyName=\"nightly\"}"]);
        Assert.Equal("1", _agent["kubedr_num_successful_backups{policyName=\"nightly\"}"]);
        Assert.Equal("1", _agent["kubedr_num_failed_backups{policyName=\"nightly\"}"]);
        Assert.Equal("4096", _agent["kubedr_backup_size_bytes{policyName=\"nightly\"}"]);
        Assert.Equal("1024", _agent["etcd_backup_agent_last_backup_stored_bytes{policyName=\"nightly\"}"]);
        Assert.Equal("1000000", _agent["etcd_backup_agent_last_success_timestamp_seconds{policyName=\"nightly\"}"]);
        Assert.Equal("1003600", _agent["etcd_backup_agent_last_attempt_timestamp_seconds{policyName=\"nightly\"}"]);
        Assert.Equal("0", _agent["etcd_backup_agent_last_attempt_succeeded{policyName=\"nightly\"}"]);
        Assert.Equal("1", _agent[$"{Failures}{{policyName=\"nightly\",reason=\"StoreFull\"}}"]);
        Assert.Equal("1", _agent["kubedr_backup_duration_seconds_bucket{policyName=\"nightly\",le=\"15\"}"]);
        Assert.Equal("2", _agent["kubedr_backup_duration_seconds_bucket{policyName=\"nightly\",le=\"30\"}"]);
        Assert.Equal("2", _agent["kubedr_backup_duration_seconds_bucket{policyName=\"nightly\",le=\"36000\"}"]);
        Assert.Equal("22", _agent["kubedr_backup_duration_seconds_sum{policyName=\"nightly\"}"]);
    }

    [Fact]
    public void Counters_of_a_new_policy_start_at_zero_and_unknown_values_are_absent()
    {
        _agent.Metrics.PolicySeen("new", interval: null, lastSuccess: null, verifiedAt: null, verifiedSound: null);

        Assert.Equal("0", _agent["kubedr_num_backups{policyName=\"new\"}"]);
        Assert.Equal("1000000", _agent["etcd_backup_agent_policy_seen_timestamp_seconds{policyName=\"new\"}"]);
        Assert.DoesNotContain("last_success", _agent.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("interval", _agent.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("verification", _agent.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("kubedr_backup_size_bytes", _agent.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_backup_is_in_flight_until_it_has_finished()
    {
        const string Series = "etcd_backup_agent_backups_in_flight{policyName=\"nightly\"}";
        _agent.Metrics.BackupStarted("nightly");
        Assert.Equal("1", _agent[Series]);

        _agent.Metrics.BackupFinished(_agent.Failure("nightly", reason: null));
        Assert.Equal("0", _agent[Series]);

        _agent.Metrics.BackupFinished(_agent.Success("nightly"));
        Assert.Equal("0", _agent[Series]);
        Assert.Equal("1", _agent[$"{Failures}{{policyName=\"nightly\",reason=\"Unexpected\"}}"]);
    }

    [Fact]
    public void A_time_in_the_future_is_not_published_and_does_not_hide_a_valid_one()
    {
        const string LastSuccess = "etcd_backup_agent_last_success_timestamp_seconds{policyName=\"p\"}";
        DateTimeOffset now = _agent.Clock.GetUtcNow();
        _agent.Metrics.PolicySeen("p", TimeSpan.FromHours(1), now.AddDays(9), now.AddDays(9), verifiedSound: true);
        Assert.Null(_agent[LastSuccess]);
        Assert.Null(_agent["etcd_backup_agent_last_verification_timestamp_seconds{policyName=\"p\"}"]);
        Assert.Null(_agent["etcd_backup_agent_last_verification_sound{policyName=\"p\"}"]);

        _agent.Metrics.PolicySeen("p", TimeSpan.FromHours(1), now.AddHours(-1), now.AddHours(-1), verifiedSound: true);
        Assert.Equal("996400", _agent[LastSuccess]);

        // The clocks of two machines may differ by a little.
        _agent.Metrics.PolicySeen("p", TimeSpan.FromHours(1), now.AddMinutes(2), verifiedAt: null, verifiedSound: null);
        Assert.Equal("1000000", _agent[LastSuccess]);
    }

    [Fact]
    public void Older_facts_do_not_replace_newer_ones()
    {
        DateTimeOffset now = _agent.Clock.GetUtcNow();
        _agent.Metrics.PolicySeen("p", TimeSpan.FromHours(1), now, now, verifiedSound: false);
        _agent.Metrics.PolicySeen("p", TimeSpan.FromHours(2), now.AddHours(-5), now.AddHours(-5), verifiedSound: true);
        _agent.Metrics.PolicySeen("p", interval: null, lastSuccess: null, verifiedAt: null, verifiedSound: null);

        Assert.Equal("1000000", _agent["etcd_backup_agent_last_success_timestamp_seconds{policyName=\"p\"}"]);
        Assert.Equal("0", _agent["etcd_backup_agent_last_verification_sound{policyName=\"p\"}"]);
        Assert.Null(_agent["etcd_backup_agent_schedule_interval_seconds{policyName=\"p\"}"]);
    }

    [Fact]
    public void A_failed_run_with_a_good_snapshot_updates_the_last_success()
    {
        DateTimeOffset completed = _agent.Clock.GetUtcNow().AddSeconds(-7);
        _agent.Metrics.BackupFinished(
            _agent.Failure("p", FailureReason.StoreDenied) with { GoodSnapshotAt = completed });

        Assert.Equal("999993", _agent["etcd_backup_agent_last_success_timestamp_seconds{policyName=\"p\"}"]);
        Assert.Equal("0", _agent["etcd_backup_agent_last_attempt_succeeded{policyName=\"p\"}"]);
    }

    [Fact]
    public void Series_of_a_deleted_policy_are_removed_and_a_later_run_does_not_restore_them()
    {
        _agent.Metrics.PolicySeen("stays", interval: null, lastSuccess: null, verifiedAt: null, verifiedSound: null);
        _agent.Metrics.BackupFinished(_agent.Success("stays"));
        _agent.Metrics.BackupFinished(_agent.Success("goes"));
        _agent.Metrics.BackupStarted("goes");

        _agent.Metrics.PolicyDeleted("goes");
        _agent.Metrics.BackupFinished(_agent.Failure("goes", FailureReason.StoreFull));
        _agent.Metrics.BackupStarted("goes");

        Assert.DoesNotContain("goes", _agent.Text, StringComparison.Ordinal);
        Assert.Equal("1", _agent["kubedr_backup_duration_seconds_count{policyName=\"stays\"}"]);

        _agent.Metrics.PolicySeen("goes", interval: null, lastSuccess: null, verifiedAt: null, verifiedSound: null);
        Assert.Equal("0", _agent["kubedr_num_backups{policyName=\"goes\"}"]);
    }

    [Fact]
    public void Series_of_a_deleted_location_are_removed()
    {
        _agent.Metrics.RepositorySeen("disk", snapshots: 3, storedBytes: 4, fromFuture: 0, lockedUntil: null);

        _agent.Metrics.LocationDeleted("disk");

        Assert.DoesNotContain("disk", _agent.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Measures_of_a_repository_and_of_the_build_are_published()
    {
        _agent.Metrics.RepositorySeen("disk", snapshots: 3, storedBytes: 12, fromFuture: 0, lockedUntil: null);
        Assert.DoesNotContain("locked_until_timestamp_seconds{", _agent.Text, StringComparison.Ordinal);
        _agent.Metrics.RepositorySeen(
            "disk", snapshots: 4, storedBytes: 16, fromFuture: 1, DateTimeOffset.FromUnixTimeSeconds(1_800_000_000));

        Assert.Equal("4", _agent["etcd_backup_agent_repository_snapshots{location=\"disk\"}"]);
        Assert.Equal("16", _agent["etcd_backup_agent_repository_stored_bytes{location=\"disk\"}"]);
        Assert.Equal(
            "1800000000", _agent["etcd_backup_agent_repository_locked_until_timestamp_seconds{location=\"disk\"}"]);
        Assert.Equal("1", _agent["etcd_backup_agent_build_info{version=\"1.2.3\"}"]);
    }

    [Fact]
    public async Task Concurrent_reading_and_recording_lose_no_values()
    {
        const int Each = 500;
        Task[] writers =
        [
            .. Enumerable.Range(0, 4).Select(writer => Task.Run(() =>
            {
                for (int i = 0; i < Each; i++)
                {
                    _agent.Metrics.BackupFinished(_agent.Success($"p{writer % 2}"));
                }
            })),
        ];
        while (!Task.WhenAll(writers).IsCompleted)
        {
            Assert.All(_agent.Families, family => Assert.Equal(
                family.Samples.Count, family.Samples.DistinctBy(s => (s.Suffix, string.Join(',', s.Labels))).Count()));
        }

        await Task.WhenAll(writers);
        Assert.Equal($"{2 * Each}", _agent["kubedr_num_backups{policyName=\"p0\"}"]);
        Assert.Equal($"{2 * Each}", _agent["kubedr_backup_duration_seconds_count{policyName=\"p1\"}"]);
    }

    [Fact]
    public void Every_metric_has_one_type_and_one_help()
    {
        _agent.RecordAll();

        string[] comments = [.. _agent.Text.Split('\n').Where(line => line.StartsWith("# ", StringComparison.Ordinal))];

        Assert.Equal(2 * _agent.Families.Count, comments.Length);
        Assert.Equal(comments.Length, comments.DistinctBy(line => string.Join(' ', line.Split(' ')[..3])).Count());
        Assert.All(_agent.Families, family => Assert.NotEmpty(family.Samples));
        Assert.Equal(
            ["etcd_backup_agent_reconcile_duration_seconds", "kubedr_backup_duration_seconds"],
            _agent.Families.Where(family => family.Type == MetricType.Histogram).Select(family => family.Name));
    }
}
