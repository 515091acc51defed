namespace EtcdBackupAgent.Testing.Network;

/// <summary>
/// Limits the rate of all connections together: each chunk waits for the time that the previous chunks take.
/// </summary>
internal sealed class SharedPace(TimeProvider time)
{
    /// <summary>The minimum number of chunks in a second.</summary>
    public const int ChunksPerSecond = 50;

    private readonly Lock _gate = new();
    private DateTimeOffset _free;

    /// <summary>Returns when the bytes may pass. Idle time does not allow a higher rate later.</summary>
    public Task AdmitAsync(int bytes, long bytesPerSecond, CancellationToken cancellationToken)
    {
        TimeSpan wait;
        lock (_gate)
        {
            DateTimeOffset now = time.GetUtcNow();
            _free = (_free > now ? _free : now) + TimeSpan.FromSeconds((double)bytes / bytesPerSecond);
            wait = _free - now;
        }

        return Task.Delay(wait, time, cancellationToken);
    }
}
