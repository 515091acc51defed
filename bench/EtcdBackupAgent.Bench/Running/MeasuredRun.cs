using System.Diagnostics;
using System.Globalization;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Processes;

namespace EtcdBackupAgent.Bench.Running;

/// <summary>What one run of a program, or of a line of the shell with several, took.</summary>
/// <param name="Elapsed">From start to end.</param>
/// <param name="CpuTime">In the programs and in the kernel for them.</param>
/// <param name="BusySeconds">
/// For which a processor of the machine was busy, summed over all: with the servers that they talk to.
/// </param>
/// <param name="PeakBytes">The most physical memory that a program held at once, its own file included; of several that
/// ran at the same time, the sum.</param>
/// <param name="WrittenBytes">What they caused to be written to disks, whether the files still exist or not.</param>
/// <param name="ScratchBytes">
/// The most that lay at once in their temporary and working directory, in files with or without a name.
/// </param>
/// <param name="TemporaryFiles">Files seen there at any time, by name.</param>
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

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(20);

    /// <summary>Looking at every open file is dear, and takes from the processes that are watched.</summary>
    private const int LooksForEachAtFiles = 10;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(15);

    /// <summary>Runs one program of ours; see <see cref="RunShellAsync"/>.</summary>
    public static Task<MeasuredRun> RunAsync(
        string program,
        IReadOnlyList<string> arguments,
        IReadOnlyDictionary<string, string?> environment,
        string scratch,
        CancellationToken cancellationToken) =>
        RunShellAsync("\"$@\"", [program, .. arguments], environment, scratch, cancellationToken);

    /// <summary>
    /// Runs what bash makes of a text and watches it from outside. The scratch directory is empty: the processes work
    /// in it, and take it for temporary files.
    /// </summary>
    /// <exception cref="InvalidOperationException">It failed; the message holds what it said.</exception>
    /// <exception cref="TimeoutException">It still runs after a quarter of an hour.</exception>
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
            // bash asks the kernel what its children took (getrusage(2)): to the millisecond, and of all of them.
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
        using PeriodicTimer timer = new(LookEvery);

        int looks = 0;

        // The kernel keeps the peak and the sum: the last look before the end tells of everything before it.
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
            if (looks++ % LooksForEachAtFiles == 0)
            {
                files.UnionWith(Directory.EnumerateFileSystemEntries(scratch, "*", SearchOption.AllDirectories));
                scratchBytes = Math.Max(scratchBytes, ScratchUse.Bytes(scratch, running));
            }

            if (clock.Elapsed > Patience)
            {
                throw new TimeoutException(
                    $"'{Shown(text, arguments)}' still runs after {Patience.TotalMinutes:0} min. It "
                    + $"said:\n{shell.Output}"
                );
            }
        }
        while (shell.IsRunning && await timer.WaitForNextTickAsync(cancellationToken));

        int exitCode = await shell.WaitForExitAsync(cancellationToken);
        if (exitCode != 0)
        {
            throw new InvalidOperationException(
                $"'{Shown(text, arguments)}' ended with {exitCode}. It said:\n{shell.Output}");
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
