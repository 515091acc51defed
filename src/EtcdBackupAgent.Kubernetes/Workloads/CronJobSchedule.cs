using System.Globalization;
using EtcdBackupAgent.Core.Policies;

namespace EtcdBackupAgent.Kubernetes.Workloads;

/// <summary>Converts a policy's schedule to that of a CronJob.</summary>
internal static class CronJobSchedule
{
    private const int MinutesInHour = 60;
    private const int HoursInDay = 24;

    /// <summary>
    /// Returns the schedule in the format of a CronJob; null if a CronJob cannot express it. An interval can be
    /// expressed if it divides an hour or a day evenly: it then starts at the full hour or at midnight.
    /// </summary>
    public static string? Convert(BackupSchedule schedule)
    {
        if (schedule.Interval is not { } interval)
        {
            return schedule.Text.Trim();
        }

        if (interval.Ticks % TimeSpan.TicksPerMinute != 0)
        {
            return null;
        }

        long minutes = interval.Ticks / TimeSpan.TicksPerMinute;
        long hours = minutes / MinutesInHour;
        return minutes switch
        {
            1 => "* * * * *",
            < MinutesInHour when MinutesInHour % minutes == 0 => Text($"*/{minutes} * * * *"),
            MinutesInHour => "0 * * * *",
            MinutesInHour * HoursInDay => "0 0 * * *",
            _ when minutes % MinutesInHour == 0 && hours < HoursInDay && HoursInDay % hours == 0 => Text(
                $"0 */{hours} * * *"),
            _ => null,
        };
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
