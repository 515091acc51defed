namespace EtcdBackupAgent.Testing.Time;

/// <summary>A clock that advances only when a test moves it. Timers fire on the thread that moves it, in the order of
/// their due times.</summary>
public sealed class ManualTime(DateTimeOffset start) : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<ManualTimer> _timers = [];
    private DateTimeOffset _now = start;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
        {
            return _now;
        }
    }

    public override long GetTimestamp() => GetUtcNow().Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ManualTimer timer = new(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    public void AdvanceTo(DateTimeOffset instant) => Advance(instant - GetUtcNow());

    /// <summary>Advances the clock and fires each timer at its due time.</summary>
    public void Advance(TimeSpan time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(time, TimeSpan.Zero);
        DateTimeOffset end = GetUtcNow() + time;
        while (NextDue(end) is { } timer)
        {
            timer.Fire();
        }
    }

    /// <summary>
    /// Jumps like the clock of a machine that was suspended: no intermediate time is visible, and each overdue timer
    /// fires once.
    /// </summary>
    public void JumpTo(DateTimeOffset instant)
    {
        ManualTimer[] overdue;
        lock (_lock)
        {
            _now = instant;
            overdue = [.. _timers.Where(timer => timer.Due <= instant).OrderBy(timer => timer.Due)];
            foreach (ManualTimer timer in overdue)
            {
                timer.Due = instant + timer.Period;
                if (timer.Period <= TimeSpan.Zero)
                {
                    _timers.Remove(timer);
                }
            }
        }

        foreach (ManualTimer timer in overdue)
        {
            timer.Fire();
        }
    }

    private ManualTimer? NextDue(DateTimeOffset end)
    {
        lock (_lock)
        {
            ManualTimer? next = _timers.Where(timer => timer.Due <= end).MinBy(timer => timer.Due);
            _now = next is null ? end : next.Due > _now ? next.Due : _now;
            if (next is not null)
            {
                next.Due += next.Period;
                if (next.Period <= TimeSpan.Zero)
                {
                    _timers.Remove(next);
                }
            }

            return next;
        }
    }

    private sealed class ManualTimer(ManualTime clock, Action fire) : ITimer
    {
        public DateTimeOffset Due { get; set; }

        /// <summary>The period; zero or less for a timer that fires once.</summary>
        public TimeSpan Period { get; private set; }

        public void Fire() => fire();

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            bool now;
            lock (clock._lock)
            {
                clock._timers.Remove(this);
                Period = period;
                now = dueTime == TimeSpan.Zero;
                if (dueTime > TimeSpan.Zero || (now && period > TimeSpan.Zero))
                {
                    Due = clock._now + (now ? period : dueTime);
                    clock._timers.Add(this);
                }
            }

            if (now)
            {
                // Like a real timer: soon, but not on the thread that sets it.
                ThreadPool.QueueUserWorkItem(_ => fire());
            }

            return true;
        }

        public void Dispose()
        {
            lock (clock._lock)
            {
                clock._timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
