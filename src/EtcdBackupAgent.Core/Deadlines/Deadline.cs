namespace EtcdBackupAgent.Core.Deadlines;

/// <summary>
/// A time limit of one operation, in addition to the caller's token. <see cref="Token"/> is cancelled by whichever
/// comes first, and <see cref="HasPassed"/> tells the two apart.
/// </summary>
public sealed class Deadline : IDisposable
{
    private readonly CancellationTokenSource _timer;
    private readonly CancellationTokenSource _either;
    private readonly CancellationToken _caller;

    /// <param name="limit">The time from now. Zero or less has passed already.</param>
    /// <param name="time">The clock.</param>
    /// <param name="caller">The token of the caller.</param>
    public Deadline(TimeSpan limit, TimeProvider time, CancellationToken caller)
    {
        Limit = limit;
        _caller = caller;
        _timer = new CancellationTokenSource(limit > TimeSpan.Zero ? limit : TimeSpan.Zero, time);
        _either = CancellationTokenSource.CreateLinkedTokenSource(_timer.Token, caller);
    }

    /// <summary>The time that the operation may take.</summary>
    public TimeSpan Limit { get; private set; }

    /// <summary>The token of the operation.</summary>
    public CancellationToken Token => _either.Token;

    /// <summary>Whether the operation was stopped by the limit, and not by the caller.</summary>
    public bool HasPassed => _timer.IsCancellationRequested && !_caller.IsCancellationRequested;

    /// <summary>Starts the time again, with the same limit. It has no effect on a limit that has passed.</summary>
    public void Restart() => _timer.CancelAfter(Limit);

    /// <summary>Starts the time again, with another limit.</summary>
    public void Restart(TimeSpan limit)
    {
        Limit = limit;
        Restart();
    }

    public void Dispose()
    {
        _either.Dispose();
        _timer.Dispose();
    }
}
