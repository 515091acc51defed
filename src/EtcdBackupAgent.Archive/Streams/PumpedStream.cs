namespace EtcdBackupAgent.Archive.Streams;

/// <summary>
/// A layer whose source a pump reads ahead in the background, while the later layers run on the caller's thread. The
/// pump passes blocks on; an error of the source is thrown after the blocks before it are read. Disposing waits for the
/// current read, so the source can be closed afterwards.
/// </summary>
public abstract class PumpedStream(Stream source) : PullStream(source)
{
    private readonly CancellationTokenSource _stop = new();
    private Task _pump = Task.CompletedTask;
    private ReadOnlyMemory<byte> _unread;

    /// <summary>Cancelled when this stream is disposed; the pump must stop then.</summary>
    protected CancellationToken Stopped => _stop.Token;

    /// <summary>Starts the pump. The constructor calls this last.</summary>
    protected void Start(Func<Task> pump) => _pump = Task.Run(pump);

    /// <summary>
    /// Releases the previous block and returns the next one; an empty block at the end of the source. Throws what the
    /// source threw.
    /// </summary>
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
        // The reader already got the error of the pump, or does not read any more.
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
