using System.Security.Cryptography;

namespace EtcdBackupAgent.Core.Deadlines;

/// <summary>
/// Computes waits that double after each failure up to a limit, with a random part so that several clients do not retry
/// together.
/// </summary>
public sealed class BackOff(TimeProvider time, TimeSpan first, TimeSpan max)
{
    private const int JitterSteps = 1000;

    /// <summary>The next wait; null: the first one.</summary>
    private TimeSpan? _next;

    /// <summary>Returns the time to wait now: between half of the due wait and all of it.</summary>
    public TimeSpan Next()
    {
        TimeSpan due = _next ?? first;
        _next = due * 2 < max ? due * 2 : max;
        return due * (0.5 + (RandomNumberGenerator.GetInt32(JitterSteps + 1) / (2.0 * JitterSteps)));
    }

    public Task WaitAsync(TimeSpan wait, CancellationToken cancellationToken) =>
        Task.Delay(wait, time, cancellationToken);

    public void Reset() => _next = null;
}
