using System.Collections.Concurrent;
using System.Diagnostics;

namespace EtcdBackupAgent.Testing.Processes;

/// <summary>
/// Starts programs for the tests: without a shell, with redirected streams, and without an orphan when the test host
/// dies. The program runs through <c>setpriv --pdeathsig KILL</c>, which sets that flag and then replaces itself with
/// the program, so the process id is that of the program.
/// </summary>
internal static class Launch
{
    private static readonly BlockingCollection<Task<Process>> Starts = [];

    /// <summary>
    /// The kernel sends the signal when the <em>thread</em> that started the program ends, and a thread of the pool can
    /// end at any time. So one thread that lives as long as the test host starts all programs (prctl(2),
    /// PR_SET_PDEATHSIG).
    /// </summary>
    static Launch() => new Thread(Work) { IsBackground = true, Name = "Launch" }.Start();

    /// <summary>
    /// Starts a program with the environment of the test host and additional variables; a null value removes a
    /// variable.
    /// </summary>
    /// <exception cref="FileNotFoundException">The program does not exist.</exception>
    public static Process Start(
        string path,
        IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string?>? environment,
        string? workingDirectory)
    {
        // Checked here, because setpriv would report a missing program only on the error stream of the program.
        ProcessStartInfo start = new(
            Peers.Setpriv, ["--pdeathsig", "KILL", "--", Peers.Present(path), .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = workingDirectory ?? "",
        };
        foreach ((string name, string? value) in environment ?? new Dictionary<string, string?>(StringComparer.Ordinal))
        {
            if (value is null)
            {
                start.Environment.Remove(name);
            }
            else
            {
                start.Environment[name] = value;
            }
        }

        Task<Process> pending = new(() =>
            Process.Start(start) ?? throw new InvalidOperationException($"'{path}' did not start."));
        Starts.Add(pending);
        return pending.GetAwaiter().GetResult();
    }

    private static void Work()
    {
        foreach (Task<Process> pending in Starts.GetConsumingEnumerable())
        {
            pending.RunSynchronously(TaskScheduler.Default);
        }
    }
}
