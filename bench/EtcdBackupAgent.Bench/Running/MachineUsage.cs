using System.Globalization;

namespace EtcdBackupAgent.Bench.Running;

/// <summary>The use of all processors since the start of the machine (proc(5): <c>stat</c>).</summary>
internal static class MachineUsage
{
    /// <summary>The kernel's unit USER_HZ, which is the same on all machines that .NET supports.</summary>
    private const double TicksPerSecond = 100;

    /// <summary>In /proc/stat's order: user, nice, system, idle, iowait, irq, softirq, steal.</summary>
    private const int Idle = 3;

    private const int IoWait = 4;
    private const int Fields = 8;

    /// <summary>
    /// Returns the seconds in which a processor was not idle, summed over all processors: servers, clients and the
    /// kernel.
    /// </summary>
    public static double BusySeconds()
    {
        string all = File.ReadLines("/proc/stat").First();
        return all.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Skip(1)
            .Take(Fields)
            .Select(static field => long.Parse(field, CultureInfo.InvariantCulture))
            .Where(static (_, field) => field is not (Idle or IoWait))
            .Sum() / TicksPerSecond;
    }
}
