using OpenTelemetry;

namespace EtcdBackupAgent.Observability.Otlp;

/// <summary>Reports when the export starts to fail: once, until every signal was exported again.</summary>
/// <param name="warn">Called on a thread of the exporters when an outage starts.</param>
internal sealed class ExportWatch(Action warn)
{
    private readonly Lock _lock = new();
    private readonly HashSet<string> _failing = new(StringComparer.Ordinal);

    /// <summary>Records a result, and returns it.</summary>
    public ExportResult Record(string signal, ExportResult result)
    {
        bool isFirstFailure;
        lock (_lock)
        {
            isFirstFailure = _failing.Count == 0 && result != ExportResult.Success;
            if (result == ExportResult.Success)
            {
                _failing.Remove(signal);
            }
            else
            {
                _failing.Add(signal);
            }
        }

        if (isFirstFailure)
        {
            warn();
        }

        return result;
    }
}
