using System.Diagnostics;

namespace EtcdBackupAgent.Bench.Layers;

/// <summary>What something took that was done within this process, when nothing else was done in it.</summary>
internal readonly record struct Effort(double WallSeconds, double CpuSeconds)
{
    public static async Task<Effort> OfAsync(Func<Task> work)
    {
        TimeSpan cpu = Environment.CpuUsage.TotalTime;
        Stopwatch clock = Stopwatch.StartNew();
        await work();
        return new Effort(
            clock.Elapsed.TotalSeconds, (Environment.CpuUsage.TotalTime - cpu).TotalSeconds);
    }
}
