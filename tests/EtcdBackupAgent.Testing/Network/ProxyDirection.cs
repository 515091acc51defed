namespace EtcdBackupAgent.Testing.Network;

/// <summary>
/// The settings of one direction of a <see cref="TcpProxy"/> for all its connections. They may change at any time.
/// </summary>
public sealed class ProxyDirection
{
    private readonly TimeProvider _time;
    private readonly SharedPace _pace;
    private int _faultsLeft;
    private int _faults;
    private long _forwardedBytes;

    internal ProxyDirection(TimeProvider time)
    {
        _time = time;
        _pace = new SharedPace(time);
    }

    /// <summary>
    /// The rate in bytes per second, shared by all connections; null for no limit. In addition, the kernel buffers
    /// about 100 kB of each connection, which the sender counts as sent.
    /// </summary>
    public long? BytesPerSecond { get; set; }

    /// <summary>The delay before received bytes are forwarded.</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>The fault of a connection that reaches <see cref="FaultAfterBytes"/>.</summary>
    public LinkFault Fault { get; set; }

    /// <summary>
    /// The bytes of a connection before the fault. The chunk that reaches this number is not forwarded.
    /// </summary>
    public long FaultAfterBytes { get; set; } = long.MaxValue;

    /// <summary>
    /// A connection waits for this at <see cref="LinkFault.Hold"/>. The token is cancelled at the end of the
    /// connection. Null to wait for that end.
    /// </summary>
    public Func<CancellationToken, Task>? Hold { get; set; }

    /// <summary>The number of connections that still get a fault.</summary>
    public int FaultsLeft
    {
        get => Volatile.Read(ref _faultsLeft);
        set => Volatile.Write(ref _faultsLeft, value);
    }

    /// <summary>The number of connections that got a fault.</summary>
    public int Faults => Volatile.Read(ref _faults);

    /// <summary>The bytes that were forwarded so far, by all connections.</summary>
    public long ForwardedBytes => Interlocked.Read(ref _forwardedBytes);

    /// <summary>The maximum bytes of one read; small for a throttled direction, so that its flow is even.</summary>
    internal int ChunkBytesMax =>
        BytesPerSecond is { } rate ? (int)Math.Clamp(rate / SharedPace.ChunksPerSecond, 1, ChunkBytes) : ChunkBytes;

    internal static int ChunkBytes => 1 << 16;

    /// <summary>Waits until a chunk may pass.</summary>
    internal async Task AdmitAsync(int bytes, CancellationToken cancellationToken)
    {
        if (Delay > TimeSpan.Zero)
        {
            await Task.Delay(Delay, _time, cancellationToken);
        }

        if (BytesPerSecond is { } rate)
        {
            await _pace.AdmitAsync(bytes, rate, cancellationToken);
        }
    }

    /// <summary>Counts bytes that were forwarded.</summary>
    internal void Count(int bytes) => Interlocked.Add(ref _forwardedBytes, bytes);

    /// <summary>Waits as a <see cref="LinkFault.Hold"/> fault requires.</summary>
    internal Task HoldAsync(CancellationToken cancellationToken) =>
        Hold?.Invoke(cancellationToken) ?? Task.Delay(Timeout.InfiniteTimeSpan, _time, cancellationToken);

    /// <summary>
    /// Returns whether a connection with so many forwarded bytes gets its fault now, and counts the fault.
    /// </summary>
    internal bool TryTakeFault(long passed)
    {
        if (passed < FaultAfterBytes)
        {
            return false;
        }

        if (Interlocked.Decrement(ref _faultsLeft) < 0)
        {
            Interlocked.Increment(ref _faultsLeft);
            return false;
        }

        Interlocked.Increment(ref _faults);
        return true;
    }
}
