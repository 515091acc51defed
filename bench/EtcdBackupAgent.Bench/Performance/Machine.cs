using System.Globalization;
using System.Runtime.InteropServices;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Processes;

namespace EtcdBackupAgent.Bench.Performance;

/// <summary>Describes the machine and the programs of the measurements.</summary>
internal static class Machine
{
    /// <summary>
    /// Returns the facts that a reader needs to interpret the figures, as a Markdown list.
    /// </summary>
    public static async Task<string> DescribeAsync(string agent, string scratch, CancellationToken cancellationToken)
    {
        string[] others =
        [
            await VersionAsync(Peers.Restic, ["version"], cancellationToken),
            (await VersionAsync(Peers.Zstd, ["--version"], cancellationToken)).Trim('*', ' '),
            $"age {await VersionAsync(Peers.Age13.Age, ["--version"], cancellationToken)}",
            await VersionAsync(Peers.Radosgw, ["--version"], cancellationToken),
        ];
        string first = await DescribeAsync(agent, scratch, [Peers.Etcd35.Etcdctl], cancellationToken);
        return $"{first}; {string.Join("; ", others)}";
    }

    /// <summary>
    /// Returns the same facts with these programs, which print their version with <c>PROGRAM version</c>.
    /// </summary>
    public static async Task<string> DescribeAsync(
        string agent, string scratch, IReadOnlyList<string> programs, CancellationToken cancellationToken)
    {
        string processor = File.ReadLines("/proc/cpuinfo")
            .FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':', 2)[1].Trim()
            ?? RuntimeInformation.ProcessArchitecture.ToString();
        long kibibytes = long.Parse(
            File.ReadLines("/proc/meminfo").First().Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
            CultureInfo.InvariantCulture);
        string load = File.ReadAllText("/proc/loadavg").Split(' ')[0];
        List<string> versions = [];
        foreach (string program in programs.Prepend(agent))
        {
            versions.Add(await VersionAsync(program, ["version"], cancellationToken));
        }

        return $"""
            - {processor}, {Environment.ProcessorCount} cores, {kibibytes
                * 1024
                / 1e9:0} GB of memory, {RuntimeInformation.OSDescription}
            - temporary files on {new DriveInfo(scratch).DriveFormat}; load before the first part: {load}
            - {string.Join("; ", versions)}
            """;
    }

    private static async Task<string> VersionAsync(
        string program, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        string output = (await Tool.RunAsync(program, arguments, cancellationToken: cancellationToken)).Output;
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries)[0].Trim();
    }
}
