using System.Globalization;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Policies;

namespace EtcdBackupAgent.Core.Retention;

/// <summary>A kind of retention that keeps the newest snapshot of each of the last periods.</summary>
/// <param name="Name">The name of the option.</param>
/// <param name="Count">Returns how many periods are kept; null if the kind is not used.</param>
/// <param name="Period">Returns the period of a local time, as people write it.</param>
internal sealed record RetentionPeriods(
    string Name, Func<PolicyRetention, int?> Count, Func<DateTimeOffset, string> Period)
{
    /// <summary>All kinds. An hour has its offset, because a clock that is set back has one hour twice.</summary>
    public static readonly IReadOnlyList<RetentionPeriods> All =
    [
        new("hourly", retention => retention.Hourly, time => Text(time, "yyyy-MM-dd HH'h'zzz")),
        new("daily", retention => retention.Daily, time => Text(time, "yyyy-MM-dd")),
        new("weekly", retention => retention.Weekly, WeekOf),
        new("monthly", retention => retention.Monthly, time => Text(time, "yyyy-MM")),
        new("yearly", retention => retention.Yearly, time => Text(time, "yyyy")),
    ];

    /// <summary>
    /// Returns the snapshots that the kind keeps, with the reasons. Periods without a snapshot do not count. While
    /// there are fewer periods than wanted, the oldest snapshot is kept too, so that the history gets as long as
    /// wanted.
    /// </summary>
    /// <param name="newestFirst">The snapshots that count, newest first by date.</param>
    /// <param name="retention">The counts and the time zone.</param>
    public IEnumerable<(SnapshotFolder Folder, string Reason)> Keep(
        IReadOnlyList<Snapshot> newestFirst, PolicyRetention retention)
    {
        if (Count(retention) is not { } wanted)
        {
            yield break;
        }

        int kept = 0;
        string? last = null;
        for (int i = 0; i < newestFirst.Count && kept < wanted; i++)
        {
            Snapshot snapshot = newestFirst[i];
            string period = Period(TimeZoneInfo.ConvertTime(snapshot.Manifest.StartedAt, retention.TimeZone));
            bool isNewest = period != last;
            if (isNewest || i == newestFirst.Count - 1)
            {
                kept++;
                last = period;
                string which = isNewest ? $"newest of {period}" : "oldest";
                yield return (snapshot.Folder, $"{which} ({Name} {kept} of {wanted})");
            }
        }
    }

    private static string WeekOf(DateTimeOffset time) => string.Create(
        CultureInfo.InvariantCulture, $"{ISOWeek.GetYear(time.DateTime)}-W{ISOWeek.GetWeekOfYear(time.DateTime):00}");

    private static string Text(DateTimeOffset time, string format) =>
        time.ToString(format, CultureInfo.InvariantCulture);
}
