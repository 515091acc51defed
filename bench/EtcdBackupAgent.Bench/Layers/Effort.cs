using System.Diagnostics;
using EtcdBackupAgent.Bench.Running;

namespace EtcdBackupAgent.Bench.Layers;

/// <summary>What something took that was done within this process, when nothing else was done in it; the machine was
/// busy with the servers, too.</summary>
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
