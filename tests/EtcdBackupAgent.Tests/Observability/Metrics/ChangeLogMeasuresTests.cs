using EtcdBackupAgent.Core.Archiving;
using EtcdBackupAgent.Core.ChangeLog;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Snapshots.ChangeLog;
using EtcdBackupAgent.Tests.Core.Archiving;
using Xunit;

namespace EtcdBackupAgent.Tests.Observability.Metrics;

public sealed class ChangeLogMeasuresTests : IDisposable
{
    private static readonly BackupException Failure = new(FailureReason.StoreUnreachable, "The store is away.");

    private readonly MeasuredAgent _agent = new();
    private readonly ModelCluster _cluster = new();
    private readonly SnapshotId _snapshot = SnapshotId.New();
    private readonly IArchiveObserver _log;

    public ChangeLogMeasuresTests() => _log = _agent.Metrics.ChangeLogs.Started("p", new PolicyChangeLog());

    public void Dispose() => _agent.Dispose();

    [Fact]
    public async Task The_recovery_point_advances_while_nothing_changes_and_nothing_is_stored()
    {
        LineageId lineage = await BeginAsync(revision: 7);
        _log.SnapshotFound(_snapshot);
        for (int i = 0; i < 5; i++)
        {
            _agent.Clock.Advance(TimeSpan.FromSeconds(30));
            _log.Marked(_agent.Clock.GetUtcNow(), 7);
            _agent.Clock.Advance(TimeSpan.FromSeconds(1));

            Assert.Equal("1", Value("recovery_point_age_seconds"));
        }

        Assert.Equal("0", Value("stored_segments_total"));
        Store(lineage, last: 7);
        Assert.Equal("0", Value("recovery_point_age_seconds"));
    }

    [Fact]
    public async Task The_recovery_point_stays_while_changes_wait_for_the_store()
    {
        LineageId lineage = await BeginAsync(revision: 7);
        _log.SnapshotFound(_snapshot);
        _log.Marked(_agent.Clock.GetUtcNow(), 7);
        _log.Received(3);
        DateTimeOffset[] marks = new DateTimeOffset[3];
        for (int i = 0; i < marks.Length; i++)
        {
            _agent.Clock.Advance(TimeSpan.FromSeconds(30));
            marks[i] = _agent.Clock.GetUtcNow();
            _log.Marked(marks[i], 8 + i);
            _log.Waiting(i + 1, 100 * (i + 1));
        }

        _log.StoreFailed(Failure, 3, 300, TimeSpan.FromSeconds(1));
        Assert.Equal("90", Value("recovery_point_age_seconds"));
        Assert.Equal("300", Value("waiting_bytes"));
        Assert.Equal("3", Value("records_total"));

        Store(lineage, last: 8, marks[0]);
        Assert.Equal("60", Value("recovery_point_age_seconds"));
        Store(lineage, last: 10, marks[2]);
        _log.Waiting(0, 0);
        Assert.Equal("0", Value("recovery_point_age_seconds"));
        Assert.Equal("0", Value("waiting_bytes"));
        Assert.Equal("2", Value("stored_segments_total"));
        Assert.Equal("200", Value("stored_bytes_total"));
    }

    [Fact]
    public async Task The_recovery_point_stays_while_etcd_cannot_be_read()
    {
        await BeginAsync(revision: 7);
        _log.SnapshotFound(_snapshot);
        _log.Marked(_agent.Clock.GetUtcNow(), 7);
        Assert.Equal("1", Value("connected"));

        _log.Lost(Failure, TimeSpan.FromSeconds(1));
        _agent.Clock.Advance(TimeSpan.FromSeconds(75));

        Assert.Equal("0", Value("connected"));
        Assert.Equal("75", Value("recovery_point_age_seconds"));
    }

    [Fact]
    public async Task After_a_hole_the_recovery_point_waits_for_the_snapshot_of_the_new_lineage()
    {
        LineageId first = await BeginAsync(revision: 7);
        Assert.Equal("0", Value("holes_total"));
        _log.SnapshotFound(_snapshot);
        _log.Marked(_agent.Clock.GetUtcNow(), 7);
        _agent.Clock.Advance(TimeSpan.FromSeconds(30));

        LineageId second = await BeginAsync(revision: 20, previous: first);
        _agent.Clock.Advance(TimeSpan.FromSeconds(30));
        Store(second, last: 21);
        Store(first, last: 9);
        Assert.Equal("60", Value("recovery_point_age_seconds"));
        Assert.Equal("1", Value("holes_total"));

        _log.SnapshotFound(_snapshot);
        Assert.Equal("0", Value("recovery_point_age_seconds"));
    }

    [Fact]
    public async Task A_new_process_begins_with_the_end_of_the_log_in_the_repository()
    {
        LineageDocument lineage = Lineage(7, previous: null);
        _log.Opened(LogPosition.AtStart(lineage) with
        {
            Last = 9,
            MarkTime = _agent.Clock.GetUtcNow() - TimeSpan.FromMinutes(5),
        });
        Assert.Equal("300", Value("recovery_point_age_seconds"));
        Assert.Equal("0", Value("connected"));

        await using (IWatchedMember member = await _cluster.ConnectAsync(CancellationToken.None))
        {
            _log.Continued(lineage.Id, 9, member);
        }

        _log.SnapshotFound(_snapshot);
        _log.Marked(_agent.Clock.GetUtcNow(), 9);
        Assert.Equal("0", Value("recovery_point_age_seconds"));
        Assert.Equal("1", Value("connected"));
    }

    [Fact]
    public void A_log_that_cannot_begin_has_an_age_that_grows()
    {
        _log.Failed(Failure, TimeSpan.FromSeconds(1));
        _log.Opened(null);
        _agent.Clock.Advance(TimeSpan.FromMinutes(2));

        Assert.Equal("120", Value("recovery_point_age_seconds"));
        Assert.Equal("30", Value("close_interval_seconds"));
    }

    [Fact]
    public async Task A_restart_in_the_process_keeps_what_was_measured_and_a_stop_ends_the_series()
    {
        await BeginAsync(revision: 7);
        _log.Received(4);

        IArchiveObserver again = _agent.Metrics.ChangeLogs.Started(
            "p", new PolicyChangeLog { CloseEvery = TimeSpan.FromSeconds(10) });
        again.Received(1);
        Assert.Equal("5", Value("records_total"));
        Assert.Equal("10", Value("close_interval_seconds"));

        _agent.Metrics.ChangeLogs.Stopped("p");
        Assert.DoesNotContain("change_log", _agent.Text, StringComparison.Ordinal);
    }

    private async Task<LineageId> BeginAsync(long revision, LineageId? previous = null)
    {
        LineageDocument lineage = Lineage(revision, previous);
        await using IWatchedMember member = await _cluster.ConnectAsync(CancellationToken.None);
        _log.Began(lineage, member);
        return lineage.Id;
    }

    private LineageDocument Lineage(long revision, LineageId? previous) => new()
    {
        FormatVersion = RepositoryJson.LogFormatVersion,
        Id = LineageId.New(),
        ClusterId = _cluster.ClusterId,
        Policy = ArchiveScene.Policy,
        Labels = new Dictionary<string, string>(StringComparer.Ordinal),
        AgentVersion = "1.2.3",
        StartedAt = _agent.Clock.GetUtcNow(),
        StartRevision = revision,
        Reason = "a test began",
        Previous = previous,
    };

    private void Store(LineageId lineage, long last, DateTimeOffset? end = null) => _log.Stored(
        new SegmentName
        {
            Lineage = lineage,
            First = last,
            Last = last,
            End = end ?? _agent.Clock.GetUtcNow(),
            Resume = ResumeDigest.None,
            Encryption = ArtifactEncryption.None,
        },
        bytes: 100);

    private string? Value(string metric) => _agent[$"etcd_backup_agent_change_log_{metric}{{policyName=\"p\"}}"];
}
