using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Kubernetes.Controllers;
using EtcdBackupAgent.Observability.Metrics;
using EtcdBackupAgent.Observability.Prometheus;
using EtcdBackupAgent.Testing.Time;

namespace EtcdBackupAgent.Tests.Observability;

/// <summary>Metrics on a clock that the test moves, read as Prometheus reads them.</summary>
internal sealed class MeasuredAgent : IDisposable
{
    private readonly SeriesReader _series;

    public MeasuredAgent()
    {
        Metrics = new AgentMetrics("1.2.3", Clock);
        _series = new SeriesReader(Metrics);
    }

    public ManualTime Clock { get; } = new(DateTimeOffset.FromUnixTimeSeconds(1_000_000));

    public AgentMetrics Metrics { get; }

    public IReadOnlyList<MetricFamily> Families => _series.Families;

    public string Text => _series.Text;

    /// <summary>The value of a series; null if there is none.</summary>
    public string? this[string series] => _series[series];

    public BackupObservation Success(string policy) => new()
    {
        PolicyName = policy,
        Succeeded = true,
        FinishedAt = Clock.GetUtcNow(),
        Duration = TimeSpan.FromSeconds(20),
        PlainBytes = 4096,
        StoredBytes = 1024,
    };

    public BackupObservation Failure(string policy, FailureReason? reason) => new()
    {
        PolicyName = policy,
        Succeeded = false,
        Reason = reason,
        FinishedAt = Clock.GetUtcNow(),
        Duration = TimeSpan.FromSeconds(2),
    };

    /// <summary>Records a value for every metric.</summary>
    public void RecordAll()
    {
        Metrics.PolicySeen("p", TimeSpan.FromHours(1), Clock.GetUtcNow(), Clock.GetUtcNow(), verifiedSound: true);
        Metrics.BackupStarted("p");
        Metrics.BackupFinished(Success("p"));
        Metrics.BackupFinished(Failure("p", FailureReason.StoreFull));
        Metrics.RepositorySeen("disk", 3, 3072, 1, Clock.GetUtcNow());
        Metrics.ChangeLogs.Started("p", new PolicyChangeLog());
        Metrics.Reconciles.QueueChanged("BackupLocation", 1);
        Metrics.Reconciles.Reconciled("BackupLocation", ReconcileResult.Succeeded, TimeSpan.FromSeconds(2));
    }

    public void Dispose()
    {
        _series.Dispose();
        Metrics.Dispose();
    }
}
