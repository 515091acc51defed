using System.Collections.Concurrent;
using System.Diagnostics;
using EtcdBackupAgent.Bench.Filling;

namespace EtcdBackupAgent.Bench.ChangeLogs;

/// <summary>
/// Writes objects at a fixed rate, whether or not the earlier writes have ended, and records their times.
/// </summary>
internal static class PacedPuts
{
    /// <param name="etcd">The member that is written to.</param>
    /// <param name="objects">The objects; the first thousand are overwritten again and again.</param>
    /// <param name="perSecond">The rate.</param>
    /// <param name="time">How long to write.</param>
    /// <param name="cancellationToken">Stops the writes.</param>
    /// <returns>The times of the writes in milliseconds.</returns>
    public static async Task<IReadOnlyCollection<double>> RunAsync(
        EtcdGateway etcd, KubernetesObjects objects, int perSecond, TimeSpan time, CancellationToken cancellationToken)
    {
        const int Keys = 1_000;
        ConcurrentBag<double> times = [];
        List<Task> writes = [];
        long start = Stopwatch.GetTimestamp();
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(2));
        for (int number = 0; await timer.WaitForNextTickAsync(cancellationToken);)
        {
            TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
            if (elapsed >= time)
            {
                break;
            }

            for (; number < elapsed.TotalSeconds * perSecond; number++)
            {
                writes.Add(PutAsync(number));
            }
        }

        await Task.WhenAll(writes);
        return times;

        async Task PutAsync(int number)
        {
            long sent = Stopwatch.GetTimestamp();
            await etcd.PutAsync([objects[number % Keys, number / Keys]], cancellationToken);
            times.Add(Stopwatch.GetElapsedTime(sent).TotalMilliseconds);
        }
    }
}
