using EtcdBackupAgent.Core.Policies;
using Quartz;

namespace EtcdBackupAgent.Scheduling;

/// <summary>
/// Translates schedules for Quartz, which computes the fire times. A golden table and a property test compare them with
/// the rules of <c>docs/policies.md</c>.
/// </summary>
internal static class QuartzSchedule
{
    /// <summary>Returns the first fire time after an instant.</summary>
    /// <param name="schedule">The schedule.</param>
    /// <param name="after">The fire time is later than this, not equal.</param>
    /// <param name="anchor">What an interval is counted from; a cron schedule does not need it.</param>
    public static DateTimeOffset NextAfter(BackupSchedule schedule, DateTimeOffset after, DateTimeOffset anchor)
    {
        if (schedule.Interval is { } interval)
        {
            long passed = (long)Math.Floor((after - anchor) / interval);
            return anchor + TimeSpan.FromTicks(interval.Ticks * (passed + 1));
        }

        // In an hour that a clock change repeats, a fixed time fires only in the first one. Quartz skips the second one
        // only if it is asked for the next fire time after an instant before the first.
        CronExpression expression = Expression(schedule);
        bool isRecurring = schedule.Cron!.Minute.IsRecurring || schedule.Cron.Hour.IsRecurring;
        DateTimeOffset? next = expression.GetNextValidTimeAfter(after);
        while (!isRecurring && next is { } time && IsSecondReading(time, schedule.TimeZone))
        {
            next = expression.GetNextValidTimeAfter(time);
        }

        return next ?? throw new InvalidOperationException($"Schedule {schedule} has no fire time after {after:O}.");
    }

    private static bool IsSecondReading(DateTimeOffset time, TimeZoneInfo zone)
    {
        DateTime wallClock = TimeZoneInfo.ConvertTime(time, zone).DateTime;
        return zone.IsAmbiguousTime(wallClock)
            && zone.GetUtcOffset(time) == zone.GetAmbiguousTimeOffsets(wallClock).Min();
    }

    /// <summary>
    /// Creates a trigger without an end for a schedule. If the process was asleep at several fire times, it fires once.
    /// </summary>
    public static IScheduleBuilder Builder(BackupSchedule schedule) =>
        schedule.Interval is { } interval
            ? SimpleScheduleBuilder.Create()
                .WithInterval(interval)
                .RepeatForever()
                .WithMisfireInstruction(SimpleTriggerMisfireInstruction.NowWithExistingCount)
            : CronScheduleBuilder.Create(Expression(schedule))
                .WithMisfireInstruction(CronTriggerMisfireInstruction.FireAndProceed);

    private static CronExpression Expression(BackupSchedule schedule) =>
        CronExpression.Parse(Crontab(schedule.Cron!), CronFormat.Unix).WithTimeZone(schedule.TimeZone);

    /// <summary>
    /// Writes the five fields in a form that Quartz reads as a CronJob does. Quartz 4.7 reads some of the forms that we
    /// accept differently: it ignores the step of <c>apr-dec/4</c>, takes <c>*/1</c> for a restriction and <c>1-7</c>
    /// for none, and refuses <c>?</c> in three fields and a step beyond the field. Minutes and hours keep their form:
    /// in the hour that a clock change repeats, Quartz repeats ranges and wildcards, but not single values. Days and
    /// months become plain lists.
    /// </summary>
    private static string Crontab(CronSchedule cron) => string.Join(
        ' ', Terms(cron.Minute), Terms(cron.Hour), Values(cron.DayOfMonth), Values(cron.Month), Values(cron.DayOfWeek));

    private static string Terms(CronField field) => field.IsUnrestricted
        ? "*"
        : string.Join(',', field.Terms.Select(term => term.Form == CronTermForm.Value ? $"{term.First}"
            : term.Step > term.Last - term.First ? $"{term.First}-{term.First}"
            : $"{term.First}-{term.Last}/{term.Step}"));

    private static string Values(CronField field) => field.IsUnrestricted ? "*" : string.Join(',', field.Values);
}
