using EtcdBackupAgent.Core.Deadlines;

namespace EtcdBackupAgent.Storage.S3;

/// <summary>
/// One request, or one read of a response. It is given up when no byte has moved for <see cref="StallTimeout"/>: a time
/// limit of the whole request would be too short for a slow line, or too long for a dead one.
/// </summary>
internal sealed class S3Attempt(TimeSpan timeout, TimeProvider time, CancellationToken caller) : IDisposable
{
    /// <summary>
    /// The time without a byte that the network accepts, or without a response after the last byte was sent.
    /// </summary>
    public static readonly TimeSpan StallTimeout = TimeSpan.FromSeconds(60);

    private readonly Deadline _deadline = new(timeout, time, caller);

    public CancellationToken CancellationToken => _deadline.Token;

    /// <summary>Whether the attempt was given up because no byte moved, and not because the caller cancelled.</summary>
    public bool Stalled => _deadline.HasPassed;

    public TimeoutException Timeout() =>
        new($"nothing moved on the connection for {_deadline.Limit.TotalSeconds:0} s.");

    /// <summary>Waits longer than usual, for a response that may take long.</summary>
    public void Allow(TimeSpan timeout) => _deadline.Restart(timeout);

    /// <summary>
    /// Returns the bytes to send as a stream. Each of its reads shows that bytes move. It must not outlive the attempt.
    /// </summary>
    public Stream Body(ArraySegment<byte> bytes) => new WatchedBody(bytes, _deadline.Restart);

    public void Dispose() => _deadline.Dispose();

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
