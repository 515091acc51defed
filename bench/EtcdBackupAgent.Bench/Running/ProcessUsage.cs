using System.Globalization;

namespace EtcdBackupAgent.Bench.Running;

/// <summary>The counters of the kernel for a process (proc(5): <c>status</c>, <c>io</c>).</summary>
internal readonly record struct ProcessUsage(long PeakBytes, long WrittenBytes)
{
    private const long BytesPerKibibyte = 1024;

    /// <summary>Reads the counters; returns null if the process has ended.</summary>
    public static ProcessUsage? Of(int processId)
    {
        try
        {
            return Number(processId, "status", "VmHWM:") is { } peak
                && Number(processId, "io", "write_bytes:") is { } written
                ? new ProcessUsage(peak * BytesPerKibibyte, written)
                : null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static long? Number(int processId, string file, string name)
    {
        string? line = File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}/{file}"))
            .FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal));
        return line is null
            ? null
            : long.Parse(line[name.Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
    }
}
