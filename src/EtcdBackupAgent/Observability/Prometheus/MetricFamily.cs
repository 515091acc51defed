namespace EtcdBackupAgent.Observability.Prometheus;

/// <summary>The metric types of Prometheus that the agent uses, by their names in the text format.</summary>
internal enum MetricType
{
    Counter,
    Gauge,
    Histogram,
}

/// <summary>A metric with all its series, as read at one moment.</summary>
internal sealed record MetricFamily
{
    public required string Name { get; init; }

    public required string Help { get; init; }

    public required MetricType Type { get; init; }

    /// <summary>In the order in which they are written.</summary>
    public required IReadOnlyList<MetricSample> Samples { get; init; }
}

/// <summary>One line of a metric.</summary>
/// <param name="Suffix">What follows the metric's name: empty, or a part of a histogram.</param>
/// <param name="Labels">Names and values, not escaped.</param>
/// <param name="Value">The current value.</param>
internal sealed record MetricSample(string Suffix, IReadOnlyList<KeyValuePair<string, string>> Labels, double Value);
