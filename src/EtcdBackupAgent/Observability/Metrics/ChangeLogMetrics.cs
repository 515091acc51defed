using System.Diagnostics.Metrics;
using EtcdBackupAgent.Core.Archiving;
using EtcdBackupAgent.Core.Policies;

namespace EtcdBackupAgent.Observability.Metrics;

/// <summary>The measures of the change logs that this process writes, by policy.</summary>
internal sealed class ChangeLogMetrics : IArchiveMetrics
{
    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly SortedDictionary<string, ChangeLogMeasures> _logs = new(StringComparer.Ordinal);

    /// <param name="meter">The meter to add the metrics to.</param>
    /// <param name="prefix">The prefix of their names.</param>
    /// <param name="time">The clock.</param>
    public ChangeLogMetrics(Meter meter, string prefix, TimeProvider time)
    {
        _time = time;
        string name = $"{prefix}change_log_";
        meter.CreateObservableGauge(
            $"{name}recovery_point_age_seconds",
            () => Logs(log => log.RecoveryPointAge.TotalSeconds),
            "s",
            "How long ago the newest second was that can be restored; without one, how long the log has been written.");
        meter.CreateObservableGauge(
            $"{name}close_interval_seconds",
            () => Logs(log => log.CloseEvery.TotalSeconds),
            "s",
            "How long changes are collected before they are stored.");
        meter.CreateObservableGauge(
            $"{name}connected",
            () => Logs(log => log.IsConnected ? 1L : 0),
            null,
            "Whether changes are read from etcd: 1 or 0.");
        meter.CreateObservableCounter(
            $"{name}records_total", () => Logs(log => log.Records), null, "Changes that were read from etcd.");
        meter.CreateObservableCounter(
            $"{name}stored_segments_total", () => Logs(log => log.StoredSegments), null, "Segments that were stored.");
        meter.CreateObservableCounter(
            $"{name}stored_bytes_total", () => Logs(log => log.StoredBytes), "By", "Size of these segments.");
        meter.CreateObservableCounter(
            $"{name}holes_total",
            () => Logs(log => log.Holes),
            null,
            "How often the log could not be continued and began again.");
        meter.CreateObservableGauge(
            $"{name}waiting_bytes",
            () => Logs(log => log.WaitingBytes),
            "By",
            "Size of what waits for the repository.");
    }

    public IArchiveObserver Started(string policyName, PolicyChangeLog log)
    {
        lock (_lock)
        {
            if (!_logs.TryGetValue(policyName, out ChangeLogMeasures? measures))
            {
                _logs.Add(policyName, measures = new ChangeLogMeasures(_time));
            }

            measures.CloseEvery = log.CloseEvery;
            return measures;
        }
    }

    public void Stopped(string policyName)
    {
        lock (_lock)
        {
            _logs.Remove(policyName);
        }
    }

    private List<Measurement<T>> Logs<T>(Func<ChangeLogMeasures, T> value)
        where T : struct
    {
        lock (_lock)
        {
            return
            [
                .. _logs.Select(log => new Measurement<T>(
                    value(log.Value), new KeyValuePair<string, object?>(AgentMetrics.PolicyLabel, log.Key))),
            ];
        }
    }
}
