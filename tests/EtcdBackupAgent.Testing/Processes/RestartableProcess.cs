namespace EtcdBackupAgent.Testing.Processes;

/// <summary>
/// A server program that a test kills and starts again. Two kills may overlap, for example if a proxy also kills it in
/// the middle of a request. Both then return when the program has ended, and neither affects a program started later.
/// </summary>
public sealed class RestartableProcess : IAsyncDisposable
{
    private volatile PeerProcess? _process;

    /// <summary>The last lines that the program wrote; empty while it does not run.</summary>
    public string Output => _process?.Output ?? "";

    /// <summary>The ID of the running program.</summary>
    /// <exception cref="InvalidOperationException">It does not run.</exception>
    public int Id => _process?.Id ?? throw new InvalidOperationException("The program does not run.");

    /// <summary>Starts the program. A running one is killed first.</summary>
    /// <exception cref="FileNotFoundException">The program does not exist.</exception>
    public async Task StartAsync(string path, IEnumerable<string> arguments)
    {
        await KillAsync();
        _process = PeerProcess.Start(path, arguments);
    }

    /// <inheritdoc cref="PeerProcess.UntilReadyAsync"/>
    public Task UntilReadyAsync(Func<Task<bool>> ready, CancellationToken cancellationToken = default) =>
        (_process ?? throw new InvalidOperationException("The program was not started."))
            .UntilReadyAsync(ready, cancellationToken);

    /// <summary>Kills the program with SIGKILL at any point of its work, and waits for its end. Has no effect if the
    /// program does not run.</summary>
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
