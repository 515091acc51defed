using System.Diagnostics;
using System.Runtime.InteropServices;

namespace EtcdBackupAgent.Testing.Processes;

/// <summary>
/// A long-running program that a test uses. It ends at the latest with the test, and with the test host if that dies.
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

    /// <summary>The last lines of both output streams, for the message of a failure.</summary>
    public string Output => _output.ToString();

    /// <summary>
    /// Starts a program with the environment of the test host and additional variables; a null value removes a
    /// variable.
    /// </summary>
    /// <exception cref="FileNotFoundException">The program does not exist.</exception>
    public static PeerProcess Start(
        string path,
        IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string?>? environment = null,
        string? workingDirectory = null) =>
        new(Launch.Start(path, arguments, environment, workingDirectory), Path.GetFileName(path));

    /// <summary>
    /// Waits until the program is ready. A refused connection counts as "not yet".
    /// </summary>
    /// <exception cref="InvalidOperationException">The program ended; the message contains its last output.</exception>
    /// <exception cref="TimeoutException">It was not ready in time; the message contains its last output.</exception>
    public async Task UntilReadyAsync(Func<Task<bool>> ready, CancellationToken cancellationToken = default)
    {
        try
        {
            await TestDeadline.UntilAsync($"{_name} to be ready", IsReadyAsync, cancellationToken);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message} Its output:\n{Output}", e);
        }

        async Task<bool> IsReadyAsync()
        {
            if (!IsRunning)
            {
                int exitCode = await WaitForExitAsync(cancellationToken);
                throw new InvalidOperationException(
                    $"{_name} ended with {exitCode} before it was ready. Its output:\n{Output}");
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
    /// <returns>The exit code; 128 plus the signal number if a signal ended the program.</returns>
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
                $"{_name} did not end within {TestDeadline.Patience.TotalSeconds:0} s. Its output:\n{Output}", e);
        }

        return _process.ExitCode;
    }

    /// <summary>Sends SIGKILL, which for the program is like a power cut.</summary>
    public void Kill() => _process.Kill();

    /// <summary>Sends SIGTERM, the request to stop, unless the program has already ended.</summary>
    public void Terminate() => Send(SignalTerminate);

    /// <summary>Sends SIGINT, as Ctrl+C does.</summary>
    public void Interrupt() => Send(SignalInterrupt);

    /// <summary>Kills the program and its children, and waits for its end. All callers share this wait.</summary>
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
            // This can only fail if the program has ended meanwhile, which is the desired result.
            _ = SendSignal(_process.Id, signal);
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SendSignal(int processId, int signal);
}
