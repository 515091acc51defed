using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.IntegrationTests.KubernetesApi.Controllers;

/// <summary>Stores what controllers log, from any thread.</summary>
internal sealed class RecordedLines : ILogger
{
    private readonly ConcurrentQueue<string> _lines = [];

    public IReadOnlyList<string> All => [.. _lines];

    public int Count(string part) => _lines.Count(line => line.Contains(part, StringComparison.Ordinal));

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter
    ) => _lines.Enqueue($"{logLevel}: {formatter(state, exception)} {exception}".TrimEnd());
}
