using System.Diagnostics;
using EtcdBackupAgent.Testing.Processes;

namespace EtcdBackupAgent.Bench.Memory;

/// <summary>What one run of the agent took.</summary>
/// <param name="Elapsed">From start to end of the process.</param>
/// <param name="PeakBytes">The most physical memory that the process held at once, its own file included.</param>
/// <param name="WrittenBytes">What it caused to be written to disks, whether the files still exist or not.</param>
/// <param name="TemporaryFiles">Files seen in its temporary and its working directory at any time, by name.</param>
internal sealed record AgentRun(
    TimeSpan Elapsed, long PeakBytes, long WrittenBytes, IReadOnlyCollection<string> TemporaryFiles)
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(15);

    /// <summary>
    /// Runs the agent and watches it from outside. The scratch directory is empty: the process works in it, and takes
    /// it for temporary files.
    /// </summary>
    /// <exception cref="InvalidOperationException">It failed; the message holds what it said.</exception>
    /// <exception cref="TimeoutException">It still runs after a quarter of an hour.</exception>
    public static async Task<AgentRun> RunAsync(
        string agent,
        IReadOnlyList<string> arguments,
        IReadOnlyDictionary<string, string?> environment,
        string scratch,
        CancellationToken cancellationToken)
    {
        Dictionary<string, string?> all = new(environment, StringComparer.Ordinal)
        {
            ["TMPDIR"] = scratch,
            // The runtime's debugger would put its pipes there.
            ["DOTNET_EnableDiagnostics"] = "0",
        };
        HashSet<string> files = new(StringComparer.Ordinal);
        ProcessUsage usage = default;
        Stopwatch clock = Stopwatch.StartNew();
        await using PeerProcess process = PeerProcess.Start(agent, arguments, all, scratch);
        using PeriodicTimer timer = new(LookEvery);

        // The kernel keeps the peak and the sum: the last look before the end tells of everything before it.
        do
        {
            usage = ProcessUsage.Of(process.Id) ?? usage;
            files.UnionWith(Directory.EnumerateFileSystemEntries(scratch, "*", SearchOption.AllDirectories));
            if (clock.Elapsed > Patience)
            {
                throw new TimeoutException(
                    $"'{arguments[0]}' still runs after {Patience.TotalMinutes:0} min. It said:\n{process.Output}");
            }
        }
        while (process.IsRunning && await timer.WaitForNextTickAsync(cancellationToken));

        TimeSpan elapsed = clock.Elapsed;
        int exitCode = await process.WaitForExitAsync(cancellationToken);
        return exitCode == 0
            ? new AgentRun(elapsed, usage.PeakBytes, usage.WrittenBytes, files)
            : throw new InvalidOperationException(
                $"'{arguments[0]}' ended with {exitCode}. It said:\n{process.Output}");
    }
}
