using System.Globalization;

namespace EtcdBackupAgent.Bench.Running;

/// <summary>The CPU time of a process, including that of the kernel for it (proc(5): <c>stat</c>).</summary>
internal static class CpuSeconds
{
    /// <summary>The kernel reports hundredths of a second.</summary>
    private const double TicksPerSecond = 100;

    private const int UserField = 11;
    private const int SystemField = 12;

    public static double Of(int processId)
    {
        string stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}/stat"));

        // The name of the program may contain spaces; it ends with the last parenthesis.
        string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (double.Parse(fields[UserField], CultureInfo.InvariantCulture)
            + double.Parse(fields[SystemField], CultureInfo.InvariantCulture)) / TicksPerSecond;
    }
}
