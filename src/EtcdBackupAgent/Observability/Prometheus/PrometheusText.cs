using System.Globalization;
using System.Text;

namespace EtcdBackupAgent.Observability.Prometheus;

/// <summary>
/// Writes metrics in Prometheus' text format 0.0.4
/// (<see href="https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format"/>).
/// </summary>
internal static class PrometheusText
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>Writes the families that have samples.</summary>
    public static string Write(IEnumerable<MetricFamily> families)
    {
        StringBuilder text = new();
        foreach (MetricFamily family in families.Where(family => family.Samples.Count > 0))
        {
            text.Append("# HELP ").Append(family.Name).Append(' ').Append(Escaped(family.Help)).Append('\n');
            text.Append("# TYPE ").Append(family.Name).Append(' ').Append(Word(family.Type)).Append('\n');
            foreach (MetricSample sample in family.Samples)
            {
                Write(text.Append(family.Name), sample);
            }
        }

        return text.ToString();
    }

    /// <summary>Formats a number as the shortest text that reads back as the same number.</summary>
    public static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        _ => value.ToString("R", CultureInfo.InvariantCulture),
    };

    private static void Write(StringBuilder text, MetricSample sample)
    {
        text.Append(sample.Suffix);
        if (sample.Labels.Count > 0)
        {
            text.Append('{');
            text.AppendJoin(',', sample.Labels.Select(label => $"{label.Key}=\"{EscapedValue(label.Value)}\""));
            text.Append('}');
        }

        text.Append(' ').Append(Number(sample.Value)).Append('\n');
    }

    /// <summary>Escapes the value of a label: quotation marks, and what <see cref="Escaped"/> does.</summary>
    private static string EscapedValue(string value) => Escaped(value).Replace("\"", "\\\"", StringComparison.Ordinal);

    private static string Word(MetricType type) => type switch
    {
        MetricType.Counter => "counter",
        MetricType.Gauge => "gauge",
        MetricType.Histogram => "histogram",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "The type of the metric is unknown."),
    };

    /// <summary>Escapes a help text: backslashes and line feeds.</summary>
    private static string Escaped(string text) =>
        text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
}
