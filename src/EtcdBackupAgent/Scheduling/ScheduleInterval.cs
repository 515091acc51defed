using EtcdBackupAgent.Core.Policies;

namespace EtcdBackupAgent.Scheduling;

/// <summary>How far apart a schedule's fire times are, so that an alert can say that backups are overdue.</summary>
internal static class ScheduleInterval
{
    /// <summary>A week of a schedule that fires every minute.</summary>
    private const int FireTimesMax = 7 * 24 * 60;

    /// <summary>Past this a schedule has shown what it does, whatever the weekday or the month.</summary>
    private static readonly TimeSpan Horizon = TimeSpan.FromDays(366);

    /// <summary>
    /// The longest time between two fire times, as far as the coming year shows it: on weekdays at four, that is from
    /// Friday to Monday. Null for a policy without a schedule, or one that is suspended.
    /// </summary>
    public static TimeSpan? Longest(BackupPolicy policy, DateTimeOffset now)
    {
        if (policy.Suspend || policy.Schedule is not { } schedule)
        {
            return null;
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
}
