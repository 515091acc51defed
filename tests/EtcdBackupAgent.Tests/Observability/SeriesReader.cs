using EtcdBackupAgent.Observability.Metrics;
using EtcdBackupAgent.Observability.Prometheus;

namespace EtcdBackupAgent.Tests.Observability;

/// <summary>Reads metrics as Prometheus reads them.</summary>
internal sealed class SeriesReader : IDisposable
{
    private readonly MeterReader _reader;

    public SeriesReader(AgentMetrics metrics)
    {
        _reader = new MeterReader(metrics.Meter);
        metrics.OnPolicyDeleted = policy => _reader.RemoveSeries(AgentMetrics.PolicyLabel, policy);
    }

    public IReadOnlyList<MetricFamily> Families => _reader.Read();

    public string Text => PrometheusText.Write(Families);

    /// <summary>The value of a series; null if there is none.</summary>
    public string? this[string series] => Text.Split('\n')
        .Where(line => line.StartsWith($"{series} ", StringComparison.Ordinal))
        .Select(line => line[(series.Length + 1)..])
        .SingleOrDefault();

    public void Dispose() => _reader.Dispose();
}
