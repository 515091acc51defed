using System.Globalization;

namespace EtcdBackupAgent.Testing.Soaks;

/// <summary>The resources of a running agent at one moment, from the kernel and from its own metrics.</summary>
public sealed record AgentSample
{
    private const long BytesPerKibibyte = 1024;

    /// <summary>The time since the start of the soak.</summary>
    public required TimeSpan At { get; init; }

    /// <summary>The managed heap after the last garbage collection.</summary>
    public required double HeapBytes { get; init; }

    public required double ResidentBytes { get; init; }

    public required double OpenFiles { get; init; }

    public required double Sockets { get; init; }

    public required double Threads { get; init; }

    /// <summary>The number of backups that succeeded so far.</summary>
    public required double Succeeded { get; init; }

    /// <summary>Takes a sample (proc(5): <c>status</c>, <c>fd</c>).</summary>
    public static AgentSample Take(int processId, string metrics, TimeSpan at)
    {
        string process = string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}");
        string[] status = File.ReadAllLines($"{process}/status");
        string?[] files =
        [
            .. new DirectoryInfo($"{process}/fd").EnumerateFileSystemInfos().Select(file => file.LinkTarget),
        ];
        return new AgentSample
        {
            At = at,
            HeapBytes = Metric(metrics, "dotnet_gc_last_collection_heap_size_bytes"),
            ResidentBytes = Number(status, "VmRSS:") * BytesPerKibibyte,
            Threads = Number(status, "Threads:"),
            OpenFiles = files.Length,
            Sockets = files.Count(target => target?.StartsWith("socket:", StringComparison.Ordinal) == true),
            Succeeded = Metric(metrics, "kubedr_num_successful_backups"),
        };
    }

    private static double Number(string[] status, string name) =>
        double.Parse(
            status
                .Single(line => line.StartsWith(name, StringComparison.Ordinal))[name.Length..]
                .Replace("kB", "", StringComparison.Ordinal),
            CultureInfo.InvariantCulture);

    /// <summary>The sum of a metric's series; 0 if there is none yet.</summary>
    private static double Metric(string metrics, string name) =>
        metrics
            .Split('\n')
            .Where(line =>
                line.StartsWith($"{name} ", StringComparison.Ordinal)
                || line.StartsWith($"{name}{{", StringComparison.Ordinal))
            .Sum(line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));
}
