using System.Diagnostics;
using EtcdBackupAgent.Bench.Running;

namespace EtcdBackupAgent.Bench.Layers;

/// <summary>The cost of work in this process while nothing else runs in it. The busy seconds of the machine include the
/// servers.</summary>
internal readonly record struct Effort(double WallSeconds, double CpuSeconds, double BusySeconds)
{
    public static async Task<Effort> OfAsync(Func<Task> work)
    {
        TimeSpan cpu = Environment.CpuUsage.TotalTime;
        double busy = MachineUsage.BusySeconds();
        Stopwatch clock = Stopwatch.StartNew();
        await work();
        return new Effort(
            clock.Elapsed.TotalSeconds,
            (Environment.CpuUsage.TotalTime - cpu).TotalSeconds,
            MachineUsage.BusySeconds() - busy);
    }
}
