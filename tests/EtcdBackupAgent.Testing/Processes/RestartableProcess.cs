namespace EtcdBackupAgent.Testing.Processes;

/// <summary>
/// A server's program that a test kills and starts again. A kill may come while another is not through yet (a proxy's,
/// in the middle of a request): both return when the program has ended, and what is started after it is left alone.
/// </summary>
public sealed class RestartableProcess : IAsyncDisposable
{
    private volatile PeerProcess? _process;

    /// <summary>The last lines that it wrote; nothing while it does not run.</summary>
    public string Output => _process?.Output ?? "";

    /// <summary>Kills the program, if it runs, and starts it anew.</summary>
    /// <exception cref="FileNotFoundException">The program is not there.</exception>
    public async Task StartAsync(string path, IEnumerable<string> arguments)
    {
        await KillAsync();
        _process = PeerProcess.Start(path, arguments);
    }

    /// <inheritdoc cref="PeerProcess.UntilReadyAsync"/>
    public Task UntilReadyAsync(Func<Task<bool>> ready, CancellationToken cancellationToken = default) =>
        (_process ?? throw new InvalidOperationException("The program was not started."))
            .UntilReadyAsync(ready, cancellationToken);

    /// <summary>Ends the program with SIGKILL, in the middle of whatever it does, and waits for its end. One that does
    /// not run is left alone.</summary>
    public async Task KillAsync()
    {
        if (_process is { } process)
        {
            await process.DisposeAsync();
            _ = Interlocked.CompareExchange(ref _process, null, process);
        }
    }

    public ValueTask DisposeAsync() => new(KillAsync());
}
