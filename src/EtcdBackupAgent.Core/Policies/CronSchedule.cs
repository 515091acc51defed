using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Core.Policies;

/// <summary>
/// Five fields that are compared with a wall clock every minute. The grammar is in <c>docs/policies.md</c>.
/// </summary>
public sealed class CronSchedule
{
    private static readonly Dictionary<string, string> Macros = new(StringComparer.Ordinal)
    {
        ["@yearly"] = "0 0 1 1 *",
        ["@annually"] = "0 0 1 1 *",
        ["@monthly"] = "0 0 1 * *",
        ["@weekly"] = "0 0 * * 0",
        ["@daily"] = "0 0 * * *",
        ["@midnight"] = "0 0 * * *",
        ["@hourly"] = "0 * * * *",
    };

    private CronSchedule(string[] fields)
    {
        Minute = CronFieldGrammar.Minute.Parse(fields[0]);
        Hour = CronFieldGrammar.Hour.Parse(fields[1]);
        DayOfMonth = CronFieldGrammar.DayOfMonth.Parse(fields[2]);
        Month = CronFieldGrammar.Month.Parse(fields[3]);
        DayOfWeek = CronFieldGrammar.DayOfWeek.Parse(fields[4]);
    }

    public CronField Minute { get; }

    public CronField Hour { get; }

    public CronField DayOfMonth { get; }

    /// <summary>1 is January.</summary>
    public CronField Month { get; }

    /// <summary>0 is Sunday.</summary>
    public CronField DayOfWeek { get; }

    /// <summary>The names of the schedules without fields, except <c>@every</c>.</summary>
    internal static IEnumerable<string> MacroNames => Macros.Keys;

    /// <summary>
    /// Parses five fields or one of <c>@yearly @annually @monthly @weekly @daily @midnight @hourly</c>.
    /// </summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/>; the message contains field, value and range.
    /// </exception>
    public static CronSchedule Parse(string text)
    {
        string expression = text;
        if (text.StartsWith('@') && !Macros.TryGetValue(text, out expression!))
        {
            throw new BackupException(
                FailureReason.InvalidInput,
                $"'{text}' is not a schedule; allowed are {string.Join(", ", MacroNames)} and @every DURATION"
                + NearestName.Question(text, MacroNames));
        }

        string[] fields = expression.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length != 5)
        {
            throw new BackupException(
                FailureReason.InvalidInput,
                "a schedule has 5 fields (minute, hour, day of month, month, day of week), "
                + $"this one has {fields.Length}");
        }

        CronSchedule schedule = new(fields);
        return schedule.CanFire() ? schedule : throw new BackupException(
            FailureReason.InvalidInput, "it never fires: none of its months has such a day");
    }

    /// <summary>
    /// Returns whether any date matches: the 31st of February does not exist, unless a day of the week also matches.
    /// </summary>
    private bool CanFire()
    {
        const int LeapYear = 2024;
        bool either = !DayOfMonth.IsUnrestricted && !DayOfWeek.IsUnrestricted;
        return either || Month.Values.Any(month => DayOfMonth.Values.First() <= DateTime.DaysInMonth(LeapYear, month));
    }
}
