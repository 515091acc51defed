using System.Diagnostics.Metrics;
using EtcdBackupAgent.Kubernetes.Controllers;

namespace EtcdBackupAgent.Observability.Metrics;

/// <summary>The measures of a controller's reconciliations, by the kind of the objects.</summary>
internal sealed class ReconcileMeasures : IReconcileMetrics
{
    public const string KindLabel = "kind";
    public const string ResultLabel = "result";

    /// <summary>In seconds. Most reconciliations read a few objects from the API server; some read a bucket.</summary>
    public static readonly IReadOnlyList<double> DurationBuckets = [0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 900];

    private readonly Lock _lock = new();
    private readonly SortedDictionary<(string Kind, ReconcileResult Result), long> _ended = [];
    private readonly SortedDictionary<string, int> _depths = new(StringComparer.Ordinal);
    private readonly Histogram<double> _duration;

    /// <param name="meter">The meter to add the metrics to.</param>
    /// <param name="prefix">The prefix of their names.</param>
    public ReconcileMeasures(Meter meter, string prefix)
    {
        meter.CreateObservableCounter(
            $"{prefix}reconcile_total", Ended, null, "Reconciliations that have ended, by result.");
        meter.CreateObservableGauge(
            $"{prefix}reconcile_queue_depth", Depths, null, "Objects that wait to be reconciled.");
        _duration = meter.CreateHistogram(
            $"{prefix}reconcile_duration_seconds",
            "s",
            "How long reconciliations took.",
            tags: null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = DurationBuckets });
    }

    public void Reconciled(string kind, ReconcileResult result, TimeSpan duration)
    {
        lock (_lock)
        {
            _ended[(kind, result)] = _ended.GetValueOrDefault((kind, result)) + 1;
        }

        _duration.Record(duration.TotalSeconds, new KeyValuePair<string, object?>(KindLabel, kind));
    }

    public void QueueChanged(string kind, int depth)
    {
        lock (_lock)
        {
            _depths[kind] = depth;
        }
    }

    private List<Measurement<long>> Ended()
    {
        lock (_lock)
        {
            return
            [
                .. _ended.Select(ended => new Measurement<long>(
                    ended.Value,
                    new KeyValuePair<string, object?>(KindLabel, ended.Key.Kind),
                    new KeyValuePair<string, object?>(ResultLabel, $"{ended.Key.Result}"))),
            ];
        }
    }

    private List<Measurement<long>> Depths()
    {
        lock (_lock)
        {
            return
            [
                .. _depths.Select(depth => new Measurement<long>(
                    depth.Value, new KeyValuePair<string, object?>(KindLabel, depth.Key))),
            ];
        }
    }
}
