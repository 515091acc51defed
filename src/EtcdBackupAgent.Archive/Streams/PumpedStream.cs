namespace EtcdBackupAgent.Archive.Streams;

/// <summary>
/// A layer whose source is read ahead by a pump, on a thread of its own, while the layers after it work on the caller's. The pump hands over
/// blocks; an error of the source comes after the blocks before it. Disposing waits for the read under way, so that the source may be closed then.
/// </summary>
public abstract class PumpedStream(Stream source, bool leaveOpen) : PullStream(source, leaveOpen)
{
    private readonly CancellationTokenSource _stop = new();
    private Task _pump = Task.CompletedTask;
    private ReadOnlyMemory<byte> _unread;

    /// <summary>Tells the pump that nobody reads any more.</summary>
    protected CancellationToken Stopped => _stop.Token;

    /// <summary>Starts the pump; the constructor calls it when everything else is there.</summary>
    protected void Start(Func<Task> pump) => _pump = Task.Run(pump);

    /// <summary>Takes the last block back, if there was one, and gives the next; none at the source's end. Throws what the source threw.</summary>
    protected abstract ValueTask<ReadOnlyMemory<byte>> NextBlockAsync(CancellationToken cancellationToken);

    protected sealed override int Pull(Span<byte> buffer)
    {
        if (_unread.IsEmpty)
        {
            _unread = NextBlockAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult();
        }

        return Take(buffer);
    }

    protected sealed override async ValueTask<int> PullAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (_unread.IsEmpty)
        {
            _unread = await NextBlockAsync(cancellationToken);
        }

        return Take(buffer.Span);
    }

    protected sealed override void Release() => ReleaseAsync().AsTask().GetAwaiter().GetResult();

    protected override async ValueTask ReleaseAsync()
    {
        await _stop.CancelAsync();
        // What it failed with was told to the reader, or nobody asks any more.
        await _pump.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private int Take(Span<byte> buffer)
    {
        int bytes = Math.Min(buffer.Length, _unread.Length);
        _unread.Span[..bytes].CopyTo(buffer);
        _unread = _unread[bytes..];
        return bytes;
    }
}
