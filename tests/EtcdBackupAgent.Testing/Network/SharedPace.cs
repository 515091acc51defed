namespace EtcdBackupAgent.Testing.Network;

/// <summary>
/// Lets bytes pass at a rate, whoever they belong to: each chunk waits for the time that those before it take.
/// </summary>
internal sealed class SharedPace(TimeProvider time)
{
    /// <summary>Into how many steps a second is divided, at least.</summary>
    public const int ChunksPerSecond = 50;

    private readonly Lock _gate = new();
    private DateTimeOffset _free;

    /// <summary>Returns when the bytes have had their time. Time in which nothing came is not saved up.</summary>
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
