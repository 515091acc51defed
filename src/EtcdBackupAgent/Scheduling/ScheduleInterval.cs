using EtcdBackupAgent.Core.Policies;

namespace EtcdBackupAgent.Scheduling;

/// <summary>Computes how far apart a schedule's fire times are, so that an alert can detect overdue backups.</summary>
internal static class ScheduleInterval
{
    /// <summary>The fire times in a week of a schedule that fires every minute.</summary>
    private const int FireTimesMax = 7 * 24 * 60;

    /// <summary>A year shows the longest gap of a schedule, whatever the weekday or the month.</summary>
    private static readonly TimeSpan Horizon = TimeSpan.FromDays(366);

    /// <summary>
    /// Returns the longest time between two fire times of the coming year. For a schedule on weekdays at four, it is
    /// the time from Friday to Monday. Without a schedule it is the time between two snapshots of the change log. Null
    /// if the policy has neither, or is suspended.
    /// </summary>
    public static TimeSpan? Longest(BackupPolicy policy, DateTimeOffset now)
    {
        if (policy.Suspend || policy.Schedule is not { } schedule)
        {
            return OfChangeLog(policy);
        }

        if (schedule.Interval is { } interval)
        {
            return interval;
        }

        TimeSpan longest = TimeSpan.Zero;
        DateTimeOffset last = QuartzSchedule.NextAfter(schedule, now, anchor: now);
        for (int fired = 1; longest == TimeSpan.Zero || (fired < FireTimesMax && last - now < Horizon); fired++)
        {
            DateTimeOffset next = QuartzSchedule.NextAfter(schedule, last, anchor: now);
            longest = next - last > longest ? next - last : longest;
            last = next;
        }

        return longest;
    }

    /// <summary>
    /// Returns the time between two snapshots of the change log of a policy without a schedule; null if the policy has
    /// a schedule or no change log, or is suspended.
    /// </summary>
    public static TimeSpan? OfChangeLog(BackupPolicy policy) =>
        policy is { Suspend: false, Schedule: null, ChangeLog: not null } ? policy.SnapshotEvery : null;
}
