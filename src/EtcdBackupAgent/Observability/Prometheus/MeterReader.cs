using System.Diagnostics.Metrics;

namespace EtcdBackupAgent.Observability.Prometheus;

/// <summary>
/// Listens to one <see cref="Meter"/> and returns the current values of its instruments. It supports the kinds that the
/// agent uses: observable counters and gauges, which are observed at each reading, and histograms, which are recorded
/// from the creation of the reader on. An exporter package could replace this type
/// (<c>docs/decisions/0006-prometheus-text.md</c>).
/// </summary>
internal sealed class MeterReader : IDisposable
{
    /// <summary>
    /// Held during the whole reading. An instrument that is observed can take locks of its own meanwhile.
    /// </summary>
    private readonly Lock _reading = new();

    /// <summary>Guards the fields below. No other object is called while it is held.</summary>
    private readonly Lock _lock = new();

    private readonly MeterListener _listener = new();
    private readonly SortedDictionary<string, Instrument> _instruments = new(StringComparer.Ordinal);
    private readonly Dictionary<Instrument, List<MetricSample>> _observed = [];
    private readonly Dictionary<Instrument, SortedDictionary<string, HistogramSeries>> _recorded = [];

    public MeterReader(Meter meter)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (ReferenceEquals(instrument.Meter, meter))
            {
                Add(instrument);
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Record(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Record(instrument, value, tags));
        _listener.Start();
    }

    /// <summary>Returns the current values of all metrics, ordered by name.</summary>
    public IReadOnlyList<MetricFamily> Read()
    {
        lock (_reading)
        {
            lock (_lock)
            {
                foreach (List<MetricSample> samples in _observed.Values)
                {
                    samples.Clear();
                }
            }

            _listener.RecordObservableInstruments();
            lock (_lock)
            {
                return [.. _instruments.Values.Select(Family)];
            }
        }
    }

    /// <summary>
    /// Removes the recorded series with a label. Observed series end when they are no longer observed.
    /// </summary>
    public void RemoveSeries(string label, string value)
    {
        lock (_lock)
        {
            foreach (SortedDictionary<string, HistogramSeries> all in _recorded.Values)
            {
                string[] removed = [.. all.Where(s => s.Value.Labels.Contains(new(label, value))).Select(s => s.Key)];
                Array.ForEach(removed, key => all.Remove(key));
            }
        }
    }

    public void Dispose() => _listener.Dispose();

    private void Add(Instrument instrument)
    {
        lock (_lock)
        {
            _instruments.Add(instrument.Name, instrument);
            if (instrument is Histogram<double>)
            {
                _recorded.Add(instrument, new SortedDictionary<string, HistogramSeries>(StringComparer.Ordinal));
            }
            else if (instrument.IsObservable)
            {
                _observed.Add(instrument, []);
            }
            else
            {
                throw new NotSupportedException(
                    $"{instrument.Name} is a {instrument.GetType().Name}, which is not supported.");
            }
        }
    }

    private void Record(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        KeyValuePair<string, string>[] labels = new KeyValuePair<string, string>[tags.Length];
        for (int i = 0; i < tags.Length; i++)
        {
            labels[i] = new(tags[i].Key, tags[i].Value?.ToString() ?? "");
        }

        lock (_lock)
        {
            if (instrument is Histogram<double> histogram)
            {
                Series(histogram, labels).Record(value);
            }
            else
            {
                _observed[instrument].Add(new MetricSample("", labels, value));
            }
        }
    }

    private HistogramSeries Series(Histogram<double> histogram, KeyValuePair<string, string>[] labels)
    {
        string key = string.Join('\0', labels.Select(label => $"{label.Key}\0{label.Value}"));
        SortedDictionary<string, HistogramSeries> all = _recorded[histogram];
        if (!all.TryGetValue(key, out HistogramSeries? series))
        {
            all.Add(key, series = new HistogramSeries(labels, histogram.Advice?.HistogramBucketBoundaries ?? []));
        }

        return series;
    }

    private MetricFamily Family(Instrument instrument) => new()
    {
        Name = instrument.Name,
        Help = instrument.Description ?? "",
        Type = instrument switch
        {
            Histogram<double> => MetricType.Histogram,
            ObservableCounter<long> => MetricType.Counter,
            _ => MetricType.Gauge,
        },
        Samples = _recorded.TryGetValue(instrument, out SortedDictionary<string, HistogramSeries>? recorded)
            ? [.. recorded.Values.SelectMany(series => series.Samples())]
            : [.. _observed[instrument]],
    };
}
