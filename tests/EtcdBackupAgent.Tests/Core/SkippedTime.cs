using System.Collections.Concurrent;

namespace EtcdBackupAgent.Tests.Core;

/// <summary>
/// A clock that stands still and whose timers fire at once. It records how long each would have waited.
/// </summary>
internal sealed class SkippedTime(DateTimeOffset standingAt) : TimeProvider
{
    private readonly ConcurrentQueue<TimeSpan> _waits = new();

    public IReadOnlyList<TimeSpan> Waits => [.. _waits];

    public override DateTimeOffset GetUtcNow() => standingAt;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        _waits.Enqueue(dueTime);
        return System.CreateTimer(callback, state, TimeSpan.Zero, period);
    }
}
