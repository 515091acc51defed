using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Tests.Worker;

/// <summary>Records the lines that our own code logs.</summary>
internal sealed class RecordedLog : ILoggerFactory
{
    private readonly ConcurrentQueue<string> _lines = new();

    public IReadOnlyList<string> Lines => [.. _lines];

    public int Count(string part) => Lines.Count(line => line.Contains(part, StringComparison.Ordinal));

    public ILogger CreateLogger(string categoryName) =>
        new Logger(this, categoryName.StartsWith("EtcdBackupAgent", StringComparison.Ordinal));

    public void AddProvider(ILoggerProvider provider) =>
        throw new NotSupportedException("The log of a test has no providers.");

    public void Dispose()
    {
        // There is nothing to dispose.
    }

    private sealed class Logger(RecordedLog log, bool isOwn) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => isOwn || logLevel >= LogLevel.Warning;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                log._lines.Enqueue($"{logLevel}: {formatter(state, exception)}");
            }
        }
    }
}
