namespace EtcdBackupAgent.Core.Stores;

/// <summary>How the objects of a repository are locked.</summary>
/// <param name="Mode">Who is exempt.</param>
/// <param name="Duration">How long, from the moment at which a snapshot's first object is stored.</param>
public sealed record LockRule(ObjectLockMode Mode, TimeSpan Duration)
{
    /// <summary>The fewest days.</summary>
    public const int DaysMin = 1;

    /// <summary>The most days that Amazon S3 accepts, about 100 years.</summary>
    public const int DaysMax = 36_500;

    /// <summary>Returns the rule for a number of days.</summary>
    public static LockRule OfDays(ObjectLockMode mode, int days) => new(mode, TimeSpan.FromDays(days));

    /// <summary>Returns what is wrong with a number of days; null if nothing is.</summary>
    public static string? ProblemOf(long days) => days is >= DaysMin and <= DaysMax
        ? null
        : $"{days} is not a number of days from {DaysMin} to {DaysMax}";

    /// <summary>Returns the lock that begins at a moment. Its date has whole seconds, as some servers do.</summary>
    internal ObjectLock From(DateTimeOffset start)
    {
        DateTimeOffset until = start.ToUniversalTime() + Duration;
        long rest = until.Ticks % TimeSpan.TicksPerSecond;
        return new ObjectLock(Mode, rest == 0 ? until : until.AddTicks(TimeSpan.TicksPerSecond - rest));
    }
}
