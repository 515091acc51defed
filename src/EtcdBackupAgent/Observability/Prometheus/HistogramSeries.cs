namespace EtcdBackupAgent.Observability.Prometheus;

/// <summary>The recorded values of a histogram with one set of labels.</summary>
/// <param name="labels">The labels.</param>
/// <param name="bounds">
/// Upper bounds of the buckets, inclusive and ascending; the last one, infinity, is not among them.
/// </param>
internal sealed class HistogramSeries(IReadOnlyList<KeyValuePair<string, string>> labels, IReadOnlyList<double> bounds)
{
    private readonly long[] _counts = new long[bounds.Count + 1];
    private double _sum;

    public IReadOnlyList<KeyValuePair<string, string>> Labels => labels;

    public void Record(double value)
    {
        int bucket = 0;
        while (bucket < bounds.Count && value > bounds[bucket])
        {
            bucket++;
        }

        _counts[bucket]++;
        _sum += value;
    }

    /// <summary>Returns the samples. Each bucket includes the counts of the lower ones, as in Prometheus.</summary>
    public IEnumerable<MetricSample> Samples()
    {
        long count = 0;
        for (int bucket = 0; bucket < _counts.Length; bucket++)
        {
            count += _counts[bucket];
            double bound = bucket < bounds.Count ? bounds[bucket] : double.PositiveInfinity;
            yield return new MetricSample("_bucket", [.. labels, new("le", PrometheusText.Number(bound))], count);
        }

        yield return new MetricSample("_sum", labels, _sum);
        yield return new MetricSample("_count", labels, count);
    }
}
