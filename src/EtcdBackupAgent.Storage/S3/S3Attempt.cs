namespace EtcdBackupAgent.Storage.S3;

/// <summary>
/// One request on its way, or one read of its answer. It is given up when nothing has moved for
/// <see cref="StallTimeout"/>: a time limit of the whole would be too short for a slow line or too long for a dead one.
/// </summary>
internal sealed class S3Attempt : IDisposable
{
    /// <summary>Without a byte taken by the network, or without an answer after the last one.</summary>
    public static readonly TimeSpan StallTimeout = TimeSpan.FromSeconds(60);

    private readonly CancellationToken _caller;
    private TimeSpan _timeout;
    private readonly CancellationTokenSource _stalled;
    private readonly CancellationTokenSource _either;

    public S3Attempt(TimeSpan timeout, TimeProvider time, CancellationToken caller)
    {
        _caller = caller;
        _timeout = timeout;
        _stalled = new CancellationTokenSource(timeout, time);
        _either = CancellationTokenSource.CreateLinkedTokenSource(_stalled.Token, caller);
    }

    public CancellationToken CancellationToken => _either.Token;

    /// <summary>Whether it was given up because nothing moved, and not because the caller wished so.</summary>
    public bool Stalled => _stalled.IsCancellationRequested && !_caller.IsCancellationRequested;

    public TimeoutException Timeout() => new($"nothing moved on the connection for {_timeout.TotalSeconds:0} s.");

    /// <summary>Waits longer than usual, for an answer that is known to take its time.</summary>
    public void Allow(TimeSpan timeout)
    {
        _timeout = timeout;
        _stalled.CancelAfter(timeout);
    }

    /// <summary>Bytes to send, whose every read says that something moves. It must not outlive the attempt.</summary>
    public Stream Body(ArraySegment<byte> bytes) => new WatchedBody(bytes, () => _stalled.CancelAfter(_timeout));

    public void Dispose()
    {
        _either.Dispose();
        _stalled.Dispose();
    }

    private sealed class WatchedBody(ArraySegment<byte> bytes, Action moved)
        : MemoryStream(bytes.Array!, bytes.Offset, bytes.Count, writable: false)
    {
        public override int Read(Span<byte> buffer)
        {
            moved();
            return base.Read(buffer);
        }

        public override int Read(byte[] buffer, int offset, int count)
        {
            moved();
            return base.Read(buffer, offset, count);
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
        {
            moved();
            return base.ReadAsync(buffer, offset, count, cancellationToken);
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            moved();
            return base.ReadAsync(buffer, cancellationToken);
        }
    }
}
