using EtcdBackupAgent.Observability.Prometheus;
using Xunit;

namespace EtcdBackupAgent.Tests.Observability.Prometheus;

public sealed class PrometheusTextTests
{
    [Fact]
    public void Help_and_type_are_written_once_before_the_lines_of_a_metric()
    {
        string text = PrometheusText.Write([
            Family(
                "a_bytes",
                MetricType.Gauge,
                new MetricSample("", [new("x", "1")], 1),
                new MetricSample("", [new("x", "2")], 2.5)),
            Family("b_total", MetricType.Counter, new MetricSample("", [], 7)),
        ]);

        Assert.Equal(
            """
            # HELP a_bytes What it is.
            # TYPE a_bytes gauge
            a_bytes{x="1"} 1
            a_bytes{x="2"} 2.5
            # HELP b_total What it is.
            # TYPE b_total counter
            b_total 7

            """,
            text);
    }

    [Fact]
    public void A_metric_without_a_series_is_left_out() =>
        Assert.Equal("", PrometheusText.Write([Family("a_bytes", MetricType.Gauge)]));

    [Fact]
    public void Label_values_and_help_texts_are_escaped()
    {
        const string Awkward = "a\\b\"c\nd";
        MetricFamily family = Family("a", MetricType.Gauge, new MetricSample("", [new("x", Awkward)], 1));

        string[] lines = PrometheusText.Write([family with { Help = Awkward }]).Split('\n');

        Assert.Equal("""# HELP a a\\b"c\nd""", lines[0]);
        Assert.Equal("""a{x="a\\b\"c\nd"} 1""", lines[2]);
    }

    [Theory]
    [InlineData(0, "0")]
    [InlineData(0.1, "0.1")]
    [InlineData(-1.5, "-1.5")]
    [InlineData(1777593600.25, "1777593600.25")]
    [InlineData(9007199254740991, "9007199254740991")]
    [InlineData(1e21, "1E+21")]
    [InlineData(double.NaN, "NaN")]
    [InlineData(double.PositiveInfinity, "+Inf")]
    [InlineData(double.NegativeInfinity, "-Inf")]
    public void Numbers_are_written_as_the_format_requires(double value, string text) =>
        Assert.Equal(text, PrometheusText.Number(value));

    [Fact]
    public void Each_bucket_of_a_histogram_includes_the_counts_of_lower_buckets()
    {
        HistogramSeries series = new([new("x", "1")], [1, 2.5]);
        foreach (double value in new[] { 0.5, 1, 2, 99 })
        {
            series.Record(value);
        }

        string text = PrometheusText.Write([Family("d_seconds", MetricType.Histogram, [.. series.Samples()])]);

        Assert.EndsWith(
            """
            # TYPE d_seconds histogram
            d_seconds_bucket{x="1",le="1"} 2
            d_seconds_bucket{x="1",le="2.5"} 3
            d_seconds_bucket{x="1",le="+Inf"} 4
            d_seconds_sum{x="1"} 102.5
            d_seconds_count{x="1"} 4

            """,
            text,
            StringComparison.Ordinal);
    }

    private static MetricFamily Family(string name, MetricType type, params MetricSample[] samples) =>
        new() { Name = name, Help = "What it is.", Type = type, Samples = samples };
}
