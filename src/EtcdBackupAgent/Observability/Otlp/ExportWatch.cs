using OpenTelemetry;

namespace EtcdBackupAgent.Observability.Otlp;

/// <summary>Says when exporting begins to fail: once, until everything has worked again.</summary>
/// <param name="warn">Called when an outage begins, from a thread of the exporters.</param>
internal sealed class ExportWatch(Action warn)
{
    private readonly Lock _lock = new();
    private readonly HashSet<string> _failing = new(StringComparer.Ordinal);

    /// <summary>Takes note of a result, and gives it back.</summary>
    public ExportResult Saw(string signal, ExportResult result)
    {
        bool begins;
        lock (_lock)
        {
            begins = _failing.Count == 0 && result != ExportResult.Success;
            if (result == ExportResult.Success)
            {
                _failing.Remove(signal);
            }
            else
            {
                _failing.Add(signal);
            }
        }

        if (begins)
        {
            warn();
        }

        return result;
    }
}
