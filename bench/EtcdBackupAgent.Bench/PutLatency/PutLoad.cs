using System.Diagnostics;
using System.Globalization;
using EtcdBackupAgent.Bench.Filling;

namespace EtcdBackupAgent.Bench.PutLatency;

/// <summary>
/// Puts one small value after another through one member, as one client would, until it is disposed. It records the
/// duration of each put.
/// </summary>
internal sealed class PutLoad : IAsyncDisposable
{
    /// <summary>The size of a small Kubernetes object, such as a Lease.</summary>
    private const int ValueBytes = 512;

    /// <summary>The same keys are overwritten again and again, so that the database does not grow.</summary>
    private const int Keys = 100;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(2);

    private readonly Lock _gate = new();
    private readonly List<Put> _puts = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;

    private PutLoad(EtcdGateway member, string prefix) => _running = RunAsync(member, prefix, _stop.Token);

    /// <param name="member">The member that receives the puts.</param>
    /// <param name="prefix">Makes the keys of several loads different.</param>
    public static PutLoad Start(EtcdGateway member, string prefix) => new(member, prefix);

    /// <summary>
    /// Returns the durations, in milliseconds, of the puts that ran at any time between two time stamps.
    /// </summary>
    public IReadOnlyList<double> Between(long from, long to)
    {
        lock (_gate)
        {
            return
            [
                .. _puts
                    .Where(put => put.End > from && put.Start < to)
                    .Select(put => Stopwatch.GetElapsedTime(put.Start, put.End).TotalMilliseconds),
            ];
        }
    }

    /// <summary>
    /// Waits until a put that began now or later has ended, so that the list contains all earlier puts.
    /// </summary>
    public async Task CatchUpAsync(CancellationToken cancellationToken)
    {
        long now = Stopwatch.GetTimestamp();
        while (!_running.IsCompleted && Last() < now)
        {
            await Task.Delay(Pause, TimeProvider.System, cancellationToken);
        }

        if (_running.IsCompleted)
        {
            await _running;
        }

        long Last()
        {
            lock (_gate)
            {
                return _puts.Count == 0 ? 0 : _puts[^1].Start;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task RunAsync(EtcdGateway member, string prefix, CancellationToken cancellationToken)
    {
        byte[] value = new byte[ValueBytes];
        for (int number = 0; ; number++)
        {
            string key = string.Create(CultureInfo.InvariantCulture, $"/put-latency/{prefix}/{number % Keys}");
            long start = Stopwatch.GetTimestamp();
            await member.PutAsync([(key, value)], cancellationToken);
            lock (_gate)
            {
                _puts.Add(new Put(start, Stopwatch.GetTimestamp()));
            }

            await Task.Delay(Pause, TimeProvider.System, cancellationToken);
        }
    }

    /// <summary>Time stamps of <see cref="Stopwatch"/>.</summary>
    private readonly record struct Put(long Start, long End);
}
