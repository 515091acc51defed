namespace EtcdBackupAgent.Core.History;

/// <summary>
/// Decides whether a date that another machine wrote is plausible. A date that is more than
/// <see cref="ClockToleranceMax"/> ahead of the local clock is not: one of the two clocks is wrong.
/// </summary>
public static class ClockTolerance
{
    /// <summary>
    /// The largest difference between the clocks of two machines at which both are considered correct.
    /// </summary>
    public static readonly TimeSpan ClockToleranceMax = TimeSpan.FromMinutes(5);

    /// <summary>Returns whether a date is further in the future than clocks may differ.</summary>
    public static bool IsFuture(DateTimeOffset date, DateTimeOffset now) => date - now > ClockToleranceMax;
}
