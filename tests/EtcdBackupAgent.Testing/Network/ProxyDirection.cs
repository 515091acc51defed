namespace EtcdBackupAgent.Testing.Network;

/// <summary>
/// How one direction of a <see cref="TcpProxy"/> treats the bytes of all its connections. May change at any time.
/// </summary>
public sealed class ProxyDirection
{
    private readonly TimeProvider _time;
    private readonly SharedPace _pace;
    private int _faultsLeft;
    private int _faults;

    internal ProxyDirection(TimeProvider time)
    {
        _time = time;
        _pace = new SharedPace(time);
    }

    /// <summary>
    /// Bytes that may pass in a second, shared by all connections; null for as many as come. Of each connection the
    /// kernel holds some 100 kB beside, which the sender takes for sent.
    /// </summary>
    public long? BytesPerSecond { get; set; }

    /// <summary>How long whatever arrives is kept before it is passed on.</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>What happens to a connection once it has passed <see cref="FaultAfterBytes"/>.</summary>
    public LinkFault Fault { get; set; }

    /// <summary>Bytes of a connection that come before the fault; the one that reaches it is not passed on.</summary>
    public long FaultAfterBytes { get; set; } = long.MaxValue;

    /// <summary>
    /// What a connection waits for at <see cref="LinkFault.Hold"/>; it gets the end of the connection. Null: that end.
    /// </summary>
    public Func<CancellationToken, Task>? Hold { get; set; }

    /// <summary>How many connections have a fault from now on.</summary>
    public int FaultsLeft
    {
        get => Volatile.Read(ref _faultsLeft);
        set => Volatile.Write(ref _faultsLeft, value);
    }

    /// <summary>How many had one.</summary>
    public int Faults => Volatile.Read(ref _faults);

    /// <summary>Bytes to take from a socket at once, so that a throttled direction flows and does not leap.</summary>
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

    /// <summary>Waits for what a fault of the kind <see cref="LinkFault.Hold"/> waits for.</summary>
    internal Task HoldAsync(CancellationToken cancellationToken) =>
        Hold?.Invoke(cancellationToken) ?? Task.Delay(Timeout.InfiniteTimeSpan, _time, cancellationToken);

    /// <summary>Whether a connection that has passed so many bytes has its fault now.</summary>
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
