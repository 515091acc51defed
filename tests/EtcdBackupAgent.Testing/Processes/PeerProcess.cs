using System.Diagnostics;
using System.Runtime.InteropServices;

namespace EtcdBackupAgent.Testing.Processes;

/// <summary>
/// A long-lived program that a test talks to. It ends with the test at the latest, and with the test host if that dies.
/// </summary>
public sealed partial class PeerProcess : IAsyncDisposable
{
    private const int SignalInterrupt = 2;
    private const int SignalTerminate = 15;

    private readonly Process _process;
    private readonly string _name;
    private readonly OutputTail _output = new();
    private readonly Lazy<Task> _ended;

    private PeerProcess(Process process, string name)
    {
        _process = process;
        _name = name;
        _ended = new Lazy<Task>(EndAsync);
        process.OutputDataReceived += (_, e) => _output.Add(e.Data);
        process.ErrorDataReceived += (_, e) => _output.Add(e.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public int Id => _process.Id;

    public bool IsRunning => !_process.HasExited;

    /// <summary>The last lines of both its streams, for a failure's message.</summary>
    public string Output => _output.ToString();

    /// <summary>
    /// Starts a program with an environment added to the test's own; null as a value takes a variable away.
    /// </summary>
    /// <exception cref="FileNotFoundException">The program is not there.</exception>
    public static PeerProcess Start(
        string path,
        IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string?>? environment = null,
        string? workingDirectory = null) =>
        new(Launch.Start(path, arguments, environment, workingDirectory), Path.GetFileName(path));

    /// <summary>
    /// Waits until the program does what it was started for: a refused connection counts as "not yet".
    /// </summary>
    /// <exception cref="InvalidOperationException">The program ended; the message holds what it said last.</exception>
    /// <exception cref="TimeoutException">It was not ready in time; the message holds what it said last.</exception>
    public async Task UntilReadyAsync(Func<Task<bool>> ready, CancellationToken cancellationToken = default)
    {
        try
        {
            await TestDeadline.UntilAsync($"{_name} to be ready", IsReadyAsync, cancellationToken);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message} It said:\n{Output}", e);
        }

        async Task<bool> IsReadyAsync()
        {
            if (!IsRunning)
            {
                int exitCode = await WaitForExitAsync(cancellationToken);
                throw new InvalidOperationException(
                    $"{_name} ended with {exitCode} before it was ready. It said:\n{Output}");
            }

            try
            {
                return await ready();
            }
            catch (Exception e) when (e is HttpRequestException or System.Net.Sockets.SocketException)
            {
                return false;
            }
        }
    }

    /// <summary>Waits for the end of the program and of its output.</summary>
    /// <returns>The exit code: 128 and the signal's number for one that a signal ended.</returns>
    /// <exception cref="TimeoutException">It still runs after <see cref="TestDeadline.Patience"/>.</exception>
    public async Task<int> WaitForExitAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            await _process.WaitForExitAsync(cancellationToken).WaitAsync(TestDeadline.Patience, cancellationToken);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException(
                $"{_name} did not end within {TestDeadline.Patience.TotalSeconds:0} s. It said:\n{Output}", e);
        }

        return _process.ExitCode;
    }

    /// <summary>Sends SIGKILL: what a power cut looks like to the program.</summary>
    public void Kill() => _process.Kill();

    /// <summary>Sends SIGTERM: a request to stop. A program that has ended already gets none.</summary>
    public void Terminate() => Send(SignalTerminate);

    /// <summary>Sends SIGINT, as Ctrl+C does.</summary>
    public void Interrupt() => Send(SignalInterrupt);

    /// <summary>Kills the program and its children, and waits for its end; the same wait for all that ask.</summary>
    public ValueTask DisposeAsync() => new(_ended.Value);

    private async Task EndAsync()
    {
        _process.Kill(entireProcessTree: true);
        await WaitForExitAsync();
        _process.Dispose();
    }

    private void Send(int signal)
    {
        if (IsRunning)
        {
            // The only way it can fail is that the program ended in between, which is what was asked for.
            _ = SendSignal(_process.Id, signal);
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SendSignal(int processId, int signal);
}
