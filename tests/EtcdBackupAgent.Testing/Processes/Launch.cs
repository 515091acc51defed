using System.Collections.Concurrent;
using System.Diagnostics;

namespace EtcdBackupAgent.Testing.Processes;

/// <summary>
/// How the tests start a program: no shell, its streams read, and no orphan when the test host dies. A program is
/// started through <c>setpriv --pdeathsig KILL</c>, which sets that flag and then becomes the program, so the pid is
/// the program's own.
/// </summary>
internal static class Launch
{
    private static readonly BlockingCollection<Task<Process>> Orders = [];

    /// <summary>
    /// The kernel sends the signal when the <em>thread</em> that started the program ends, and threads of the pool come
    /// and go: so one thread that lasts as long as the test host starts them all (prctl(2), PR_SET_PDEATHSIG).
    /// </summary>
    static Launch() => new Thread(Work) { IsBackground = true, Name = "Launch" }.Start();

    /// <summary>
    /// Starts a program with an environment added to the test's own; null as a value takes a variable away.
    /// </summary>
    /// <exception cref="FileNotFoundException">The program is not there.</exception>
    public static Process Start(
        string path,
        IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string?>? environment,
        string? workingDirectory)
    {
        // setpriv would be the one to find that out, and would say it to the program's own error stream.
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

        Task<Process> order = new(() =>
            Process.Start(start) ?? throw new InvalidOperationException($"'{path}' did not start."));
        Orders.Add(order);
        return order.GetAwaiter().GetResult();
    }

    private static void Work()
    {
        foreach (Task<Process> order in Orders.GetConsumingEnumerable())
        {
            order.RunSynchronously(TaskScheduler.Default);
        }
    }
}
