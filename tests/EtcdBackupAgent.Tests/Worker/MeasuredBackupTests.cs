using System.Diagnostics;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Verification;
using EtcdBackupAgent.Snapshots.Verification;
using EtcdBackupAgent.Tests.Core;
using EtcdBackupAgent.Tests.Observability;
using EtcdBackupAgent.Worker;
using Xunit;

namespace EtcdBackupAgent.Tests.Worker;

public sealed class MeasuredBackupTests : IDisposable
{
    private static readonly ResourceName Policy = new(ResourceName.NamespaceDefault, "nightly");
    private static readonly ResourceName Location = new("elsewhere", "disk");

    private readonly MeasuredAgent _agent = new();
    private readonly UseCaseFixture _fixture = new();

    /// <summary>The backups use the system clock; the clock of the metrics is ahead of it.</summary>
    public MeasuredBackupTests() => _agent.Clock.AdvanceTo(TimeProvider.System.GetUtcNow().AddHours(1));

    public void Dispose()
    {
        _fixture.Dispose();
        _agent.Dispose();
    }

    [Fact]
    public async Task A_backup_is_measured_with_its_sizes_and_its_repository()
    {
        BackupRepository repository = await _fixture.InitAsync();

        BackupOutcome outcome = await MeasureAsync(() => BackUpAsync(repository, retain: 5));

        Assert.Equal("1", _agent["kubedr_num_successful_backups{policyName=\"nightly\"}"]);
        Assert.Equal($"{outcome.Manifest.PlainBytes}", _agent["kubedr_backup_size_bytes{policyName=\"nightly\"}"]);
        const string InRepository = "{location=\"elsewhere/disk\"}";
        Assert.Equal(
            $"{outcome.Manifest.StoredBytes}", _agent[$"etcd_backup_agent_repository_stored_bytes{InRepository}"]);
        Assert.Equal("1", _agent[$"etcd_backup_agent_repository_snapshots{InRepository}"]);
        Assert.Equal("0", _agent["etcd_backup_agent_backups_in_flight{policyName=\"nightly\"}"]);
    }

    [Theory]
    [InlineData(FailureReason.EtcdUnreachable, "EtcdUnreachable")]
    [InlineData(FailureReason.Cancelled, "Cancelled")]
    public async Task A_failure_is_counted_by_its_reason(FailureReason reason, string label)
    {
        Exception failure = reason == FailureReason.Cancelled
            ? new OperationCanceledException()
            : new BackupException(reason, "No way.");

        Exception thrown = await Assert.ThrowsAnyAsync<Exception>(() => MeasureAsync(() => throw failure));

        Assert.Same(failure, thrown);
        Assert.Equal(
            "1", _agent[$"etcd_backup_agent_backup_failures_total{{policyName=\"nightly\",reason=\"{label}\"}}"]);
        Assert.Equal("1", _agent["kubedr_num_failed_backups{policyName=\"nightly\"}"]);
        Assert.Null(_agent["etcd_backup_agent_last_success_timestamp_seconds{policyName=\"nightly\"}"]);
    }

    [Theory]
    [InlineData(null, "1", "1")]
    [InlineData(CheckedPart.Pages, "0", null)]
    public async Task The_result_of_the_verification_is_published(CheckedPart? failed, string sound, string? success)
    {
        BackupRepository repository = await _fixture.InitAsync();
        DeepVerifyRun verify = _fixture.DeepVerifyRun(repository, (_, _, _, _) => UseCaseFixture.Proof(failed));

        _ = await MeasureAsync(() => BackUpAsync(repository, retain: null, verify));

        Assert.Equal(sound, _agent["etcd_backup_agent_last_verification_sound{policyName=\"nightly\"}"]);
        Assert.Equal(success ?? "0", _agent["kubedr_num_successful_backups{policyName=\"nightly\"}"]);
        Assert.Equal(
            success is null,
            _agent["etcd_backup_agent_last_success_timestamp_seconds{policyName=\"nightly\"}"] is null);
    }

    [Fact]
    public async Task A_verification_by_another_process_is_published_by_the_next_backup()
    {
        BackupRepository repository = await _fixture.InitAsync();
        DeepVerifyRun verify = _fixture.DeepVerifyRun(repository);
        BackupOutcome first = await MeasureAsync(() => BackUpAsync(repository, retain: 5));
        Assert.Null(_agent["etcd_backup_agent_last_verification_sound{policyName=\"nightly\"}"]);
        _ = await verify
            .VerifyAsync(first.Folder.Id.Value, UseCaseFixture.NoProgress, CancellationToken.None)
            .SingleAsync();

        _ = await MeasureAsync(() => BackUpAsync(repository, retain: 5));

        Assert.Equal("1", _agent["etcd_backup_agent_last_verification_sound{policyName=\"nightly\"}"]);
    }

    [Fact]
    public async Task Spans_show_every_step_of_a_backup()
    {
        List<Activity> ended = [];
        using ActivityListener listener = new()
        {
            ShouldListenTo = source => source.Name == BackupTrace.SourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = span =>
            {
                lock (ended)
                {
                    ended.Add(span);
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
        BackupRepository repository = await _fixture.InitAsync();
        DeepVerifyRun verify = _fixture.DeepVerifyRun(repository);
        ActivityTraceId trace = default;

        _ = await MeasureAsync(() =>
        {
            trace = Activity.Current!.TraceId;
            return BackUpAsync(repository, retain: 5, verify);
        });

        Activity[] spans;
        lock (ended)
        {
            spans = [.. ended.Where(span => span.TraceId == trace)];
        }

        Assert.Equal(
            ["database", "certificates", "hash", "commit", "verify", "prune", "backup"],
            spans.Select(span => span.OperationName));
        Assert.All(spans[..^1], span => Assert.Equal(spans[^1].SpanId, span.ParentSpanId));
        Assert.Equal("kubedr-system/nightly", spans[^1].GetTagItem("policy"));
    }

    private Task<BackupOutcome> MeasureAsync(Func<Task<BackupOutcome>> backUp) =>
        new MeasuredBackup(_agent.Metrics, _agent.Clock).ExecuteAsync(Policy, Location, backUp);

    private Task<BackupOutcome> BackUpAsync(BackupRepository repository, int? retain, DeepVerifyRun? verify = null) =>
        new BackupRun(repository, SnapshotBytes.Source(SnapshotBytes.Create(8192)), "1.2.3", TimeProvider.System)
        {
            VerifyAfter = verify is null
                ? null
                : async (id, progress, token) => await verify.VerifyAsync(id.Value, progress, token).SingleAsync(token),
        }
        .ExecuteAsync(
            _fixture.Request() with { Retention = retain is { } count ? PolicyRetention.Newest(count) : null },
            UseCaseFixture.NoProgress,
            CancellationToken.None);
}
