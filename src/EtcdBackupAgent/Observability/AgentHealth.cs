using EtcdBackupAgent.Core.Health;

namespace EtcdBackupAgent.Observability;

/// <summary>The state behind <c>/healthz</c> and <c>/readyz</c>.</summary>
/// <param name="time">The clock.</param>
/// <param name="silenceMax">How long the main loop can be silent before it is considered hung.</param>
internal sealed class AgentHealth(TimeProvider time, TimeSpan silenceMax) : IAgentHealth
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, bool> _conditions = new(StringComparer.Ordinal);
    private long _lastBeat = time.GetTimestamp();
    private long _silenceMaxTicks = silenceMax.Ticks;

    /// <summary>How long the main loop can be silent before it is considered hung.</summary>
    public TimeSpan SilenceMax
    {
        get => TimeSpan.FromTicks(Volatile.Read(ref _silenceMaxTicks));
        set => Volatile.Write(ref _silenceMaxTicks, value.Ticks);
    }

    public void Beat() => Volatile.Write(ref _lastBeat, time.GetTimestamp());

    public void SetReady(string condition, bool holds)
    {
        lock (_lock)
        {
            _conditions[condition] = holds;
        }
    }

    /// <summary>Whether the main loop ran recently.</summary>
    public ProbeResult Liveness()
    {
        TimeSpan silence = time.GetElapsedTime(Volatile.Read(ref _lastBeat));
        return silence <= SilenceMax
            ? new ProbeResult(true, "ok\n")
            : new ProbeResult(
                false,
                $"The main loop has not moved for {silence.TotalSeconds:0} s; "
                + $"more than {SilenceMax.TotalSeconds:0} s is too long.\n");
    }

    /// <summary>Whether every condition is true, with one line for each.</summary>
    public ProbeResult Readiness()
    {
        lock (_lock)
        {
            return _conditions.Count == 0
                ? new ProbeResult(false, "starting\n")
                : new ProbeResult(
                    _conditions.Values.All(holds => holds),
                    string.Concat(_conditions.Select(c => $"{c.Key}: {(c.Value ? "ok" : "not yet")}\n")));
        }
    }
}
