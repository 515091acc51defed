using System.Diagnostics;
using System.Globalization;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Processes;

namespace EtcdBackupAgent.Bench.Running;

/// <summary>The cost of one run of a program, or of a shell command with several programs.</summary>
/// <param name="Elapsed">The time from start to end.</param>
/// <param name="CpuTime">The CPU time of the programs, including that of the kernel for them.</param>
/// <param name="BusySeconds">
/// The seconds in which a processor of the machine was busy, summed over all; this includes the servers.
/// </param>
/// <param name="PeakBytes">
/// The peak physical memory of a program, including its own file; for simultaneous programs, the sum.
/// </param>
/// <param name="WrittenBytes">The bytes written to disks, even to files that no longer exist.</param>
/// <param name="ScratchBytes">
/// The peak size of all files in the temporary and working directory, with or without a name.
/// </param>
/// <param name="TemporaryFiles">The names of all files that were seen there.</param>
internal sealed record MeasuredRun(
    TimeSpan Elapsed,
    TimeSpan CpuTime,
    double BusySeconds,
    long PeakBytes,
    long WrittenBytes,
    long ScratchBytes,
    IReadOnlyCollection<string> TemporaryFiles)
{
    private const string TimesMark = "bench-times";

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(20);

    /// <summary>Reading every open file is expensive and slows down the measured processes.</summary>
    private const int PollsPerFileScan = 10;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(15);

    /// <summary>Runs one program; see <see cref="RunShellAsync"/>.</summary>
    public static Task<MeasuredRun> RunAsync(
        string program,
        IReadOnlyList<string> arguments,
        IReadOnlyDictionary<string, string?> environment,
        string scratch,
        CancellationToken cancellationToken) =>
        RunShellAsync("\"$@\"", [program, .. arguments], environment, scratch, cancellationToken);

    /// <summary>
    /// Runs commands with bash and measures them from outside. The scratch directory is empty; it is the working
    /// directory and the directory for temporary files of the processes.
    /// </summary>
    /// <exception cref="InvalidOperationException">The commands failed; the message contains their output.</exception>
    /// <exception cref="TimeoutException">The commands still run after a quarter of an hour.</exception>
    public static async Task<MeasuredRun> RunShellAsync(
        string text,
        IReadOnlyList<string> arguments,
        IReadOnlyDictionary<string, string?> environment,
        string scratch,
        CancellationToken cancellationToken)
    {
        Dictionary<string, string?> all = new(environment, StringComparer.Ordinal)
        {
            ["TMPDIR"] = scratch,
            // bash reads the times of all its children from the kernel (getrusage(2)), in milliseconds.
            ["TIMEFORMAT"] = $"{TimesMark} %R %U %S",
            ["LC_ALL"] = "C",
        };
        string script = $"set -euo pipefail; time {{ {text}\n}}";
        HashSet<string> files = new(StringComparer.Ordinal);
        Dictionary<int, ProcessUsage> usages = [];
        long peak = 0;
        long scratchBytes = 0;
        double busy = MachineUsage.BusySeconds();
        Stopwatch clock = Stopwatch.StartNew();
        await using PeerProcess shell = PeerProcess.Start(
            Peers.Installed("bash"), ["-c", script, "bash", .. arguments], all, scratch);
        using PeriodicTimer timer = new(PollInterval);

        int polls = 0;

        // The kernel keeps the peak and the sum, so the last poll before the end covers the whole run.
        do
        {
            int[] running = [.. ProcessTree.Below(shell.Id)];
            long together = 0;
            foreach (int id in running)
            {
                if (ProcessUsage.Of(id) is { } usage)
                {
                    usages[id] = usage;
                    together += usage.PeakBytes;
                }
            }

            peak = Math.Max(peak, together);
            if (polls++ % PollsPerFileScan == 0)
            {
                files.UnionWith(Directory.EnumerateFileSystemEntries(scratch, "*", SearchOption.AllDirectories));
                scratchBytes = Math.Max(scratchBytes, ScratchUse.Bytes(scratch, running));
            }

            if (clock.Elapsed > Patience)
            {
                throw new TimeoutException(
                    $"'{Shown(text, arguments)}' still runs after {Patience.TotalMinutes:0} min. Its "
                    + $"output:\n{shell.Output}");
            }
        }
        while (shell.IsRunning && await timer.WaitForNextTickAsync(cancellationToken));

        int exitCode = await shell.WaitForExitAsync(cancellationToken);
        if (exitCode != 0)
        {
            throw new InvalidOperationException(
                $"'{Shown(text, arguments)}' ended with {exitCode}. Its output:\n{shell.Output}");
        }

        busy = MachineUsage.BusySeconds() - busy;
        TimeSpan[] times = Times(shell.Output);
        return new MeasuredRun(
            times[0],
            times[1] + times[2],
            busy,
            peak,
            usages.Values.Sum(usage => usage.WrittenBytes),
            scratchBytes,
            files);
    }

    private static string Shown(string text, IReadOnlyList<string> arguments) =>
        arguments.Count == 0 ? text : string.Join(' ', arguments.Take(2));

    private static TimeSpan[] Times(string output) =>
    [
        .. output.Split('\n')
            .Last(line => line.StartsWith(TimesMark, StringComparison.Ordinal))
            .Split(' ')
            .Skip(1)
            .Select(seconds => TimeSpan.FromSeconds(double.Parse(seconds, CultureInfo.InvariantCulture))),
    ];
}
