using System.Security.Cryptography;

namespace EtcdBackupAgent.Kubernetes.Api.Watching;

/// <summary>Waits longer after each failure, twice as long up to a limit, and not for as long as its
/// neighbours.</summary>
internal sealed class BackOff(TimeProvider time, TimeSpan first, TimeSpan max)
{
    private const int JitterSteps = 1000;

    /// <summary>Null: the first.</summary>
    private TimeSpan? _next;

    /// <summary>The time to wait now: between half of what is due and all of it.</summary>
    public TimeSpan Next()
    {
        TimeSpan due = _next ?? first;
        _next = due * 2 < max ? due * 2 : max;
        return due * (0.5 + (RandomNumberGenerator.GetInt32(JitterSteps + 1) / (2.0 * JitterSteps)));
    }

    public Task WaitAsync(TimeSpan wait, CancellationToken cancellationToken) => Task.Delay(wait, time, cancellationToken);

    public void Reset() => _next = null;
}
