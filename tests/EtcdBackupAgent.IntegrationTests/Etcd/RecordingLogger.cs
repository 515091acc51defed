using EtcdBackupAgent.Etcd;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.IntegrationTests.Etcd;

/// <summary>Stores the log lines as text.</summary>
internal sealed class RecordingLogger : ILogger<EtcdSnapshotSource>
{
    private readonly List<string> _lines = [];

    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lines)
            {
                return [.. _lines];
            }
        }
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter)
    {
        lock (_lines)
        {
            _lines.Add($"{logLevel}: {formatter(state, exception)}");
        }
    }
}
