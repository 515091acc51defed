using System.Globalization;
using EtcdBackupAgent.Bench.Filling;
using EtcdBackupAgent.Testing.Etcd;

namespace EtcdBackupAgent.Bench.Backups;

/// <summary>Measures how long a snapshot call is open in etcd, from the call counters in etcd's metrics.</summary>
internal sealed class SnapshotCalls : IDisposable
{
    private const string Started = "grpc_server_started_total{grpc_method=\"Snapshot\"";
    private const string Ended = "grpc_server_handled_total{grpc_code=\"OK\",grpc_method=\"Snapshot\"";

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(25);

    private readonly HttpClient _client;
    private readonly Uri _metrics;

    /// <param name="etcd">A server with mutual TLS.</param>
    public SnapshotCalls(EtcdServer etcd)
    {
        _client = new HttpClient(
            new TlsFiles(etcd.CaFile!, etcd.ClientFiles!.Certificate, etcd.ClientFiles.Key).Handler());
        _metrics = new Uri(etcd.Endpoints[0], "/metrics");
    }

    /// <summary>Runs the function and returns the time from the start of the next call to its end.</summary>
    /// <exception cref="InvalidOperationException">The run ended before etcd had counted a call.</exception>
    public async Task<TimeSpan> TimeOfNextAsync(Func<Task> run, CancellationToken cancellationToken)
    {
        (double started, double ended) = await CountAsync(cancellationToken);
        TimeProvider time = TimeProvider.System;
        long? startedAt = null;
        TimeSpan? open = null;
        Task running = run();
        using PeriodicTimer timer = new(PollInterval);
        while (open is null)
        {
            bool isOver = running.IsCompleted;
            (double startedNow, double endedNow) = await CountAsync(cancellationToken);
            startedAt ??= startedNow > started ? time.GetTimestamp() : null;
            open = endedNow > ended && startedAt is { } since ? time.GetElapsedTime(since) : null;
            if (isOver && open is null)
            {
                break;
            }

            await timer.WaitForNextTickAsync(cancellationToken);
        }

        await running;
        return open ?? throw new InvalidOperationException("The run ended before etcd counted a snapshot.");
    }

    public void Dispose() => _client.Dispose();

    private async Task<(double Started, double Ended)> CountAsync(CancellationToken cancellationToken)
    {
        string[] lines = (await _client.GetStringAsync(_metrics, cancellationToken)).Split('\n');
        return (Value(lines, Started), Value(lines, Ended));
    }

    private static double Value(IEnumerable<string> lines, string name) =>
        lines.FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal)) is { } line
            ? double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture)
            : 0;
}
