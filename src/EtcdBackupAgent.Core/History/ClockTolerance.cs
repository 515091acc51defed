namespace EtcdBackupAgent.Core.History;

/// <summary>
/// Whether a date that another machine wrote can be true. One that lies ahead of the clock here by more than
/// <see cref="ClockToleranceMax"/> cannot: one of the two clocks is wrong.
/// </summary>
public static class ClockTolerance
{
    /// <summary>How far apart the clocks of machines may be that are both taken for right.</summary>
    public static readonly TimeSpan ClockToleranceMax = TimeSpan.FromMinutes(5);

    /// <summary>Whether a date lies in the future, by more than clocks may differ.</summary>
    public static bool IsFuture(DateTimeOffset date, DateTimeOffset now) => date - now > ClockToleranceMax;
}
