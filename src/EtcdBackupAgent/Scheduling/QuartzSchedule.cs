using EtcdBackupAgent.Core.Policies;
using Quartz;

namespace EtcdBackupAgent.Scheduling;

/// <summary>
/// A schedule of ours in Quartz's terms. The fire times are Quartz's; a golden table and a property test hold them to
/// the rules of <c>docs/policies.md</c>.
/// </summary>
internal static class QuartzSchedule
{
    /// <summary>The first fire time after an instant.</summary>
    /// <param name="schedule">When to run.</param>
    /// <param name="after">The fire time is later than this, not equal.</param>
    /// <param name="anchor">What an interval is counted from; a cron schedule does not need it.</param>
    public static DateTimeOffset NextAfter(BackupSchedule schedule, DateTimeOffset after, DateTimeOffset anchor)
    {
        if (schedule.Interval is { } interval)
        {
            long passed = (long)Math.Floor((after - anchor) / interval);
            return anchor + TimeSpan.FromTicks(interval.Ticks * (passed + 1));
        }

        // Quartz knows that a fixed time fired on the first reading of a repeated hour only if it is asked from before that.
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
    /// The same as a trigger without an end. Where the process slept through several fire times, it fires once.
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
    /// The five fields in a spelling that Quartz understands as a CronJob does. It does not understand every spelling
    /// that we accept: Quartz 4.7 ignores the step of <c>apr-dec/4</c>, takes <c>*/1</c> for a restriction and
    /// <c>1-7</c> for none, and refuses <c>?</c> in three fields and a step beyond the field. Minutes and hours keep
    /// their form, because Quartz repeats ranges and wildcards in the hour that a clock change repeats, and single values
    /// not; days and months become plain lists.
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
