using System.Globalization;

namespace EtcdBackupAgent.Tests.Scheduling;

/// <summary>
/// Fire times found the slow way, from the rules of docs/policies.md and nothing else: every minute is tried. It shares
/// no code with the product.
/// </summary>
internal sealed class MinuteByMinute
{
    private static readonly string[] Months =
    [
        "JAN",
        "FEB",
        "MAR",
        "APR",
        "MAY",
        "JUN",
        "JUL",
        "AUG",
        "SEP",
        "OCT",
        "NOV",
        "DEC",
    ];
    private static readonly string[] Days = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

    private readonly string[] _fields;
    private readonly TimeZoneInfo _zone;
    private readonly bool _isRecurring;

    public MinuteByMinute(string expression, TimeZoneInfo zone)
    {
        _fields = expression.ToUpperInvariant().Split(' ', StringSplitOptions.RemoveEmptyEntries);
        _zone = zone;
        _isRecurring = (_fields[0] + _fields[1]).IndexOfAny(['*', '?', '-', '/']) >= 0;
    }

    /// <summary>Null if nothing fires within the days given.</summary>
    public DateTimeOffset? NextAfter(DateTimeOffset instant, int days)
    {
        DateTimeOffset last = instant.AddDays(days);
        DateTimeOffset minute = new DateTimeOffset(
            instant.Ticks - (instant.Ticks % TimeSpan.TicksPerMinute),
            instant.Offset).AddMinutes(1);
        while (minute <= last)
        {
            DateTime day = Local(minute).Date;
            bool any = IsDay(day.AddDays(-1)) || IsDay(day) || IsDay(day.AddDays(1));
            if (any && Fires(minute))
            {
                return minute;
            }

            minute = any ? minute.AddMinutes(1) : minute.AddHours(12);
        }

        return null;
    }

    private bool Fires(DateTimeOffset minute)
    {
        DateTime now = Local(minute);
        DateTime before = Local(minute.AddMinutes(-1));
        bool isRepeatedHour = _zone.IsAmbiguousTime(now)
            && _zone.GetUtcOffset(minute) == _zone.GetAmbiguousTimeOffsets(now).Min();
        if (Matches(now) && (!isRepeatedHour || _isRecurring))
        {
            return true;
        }

        for (DateTime skipped = before.AddMinutes(1); skipped < now; skipped = skipped.AddMinutes(1))
        {
            if (Matches(skipped))
            {
                return true;
            }
        }

        return false;
    }

    private DateTime Local(DateTimeOffset minute) => TimeZoneInfo.ConvertTime(minute, _zone).DateTime;

    private bool Matches(DateTime wall) => Has(0, wall.Minute, 0, 59) && Has(1, wall.Hour, 0, 23) && IsDay(wall);

    private bool IsDay(DateTime wall)
    {
        bool ofMonth = Has(2, wall.Day, 1, 31);
        bool ofWeek = Has(4, (int)wall.DayOfWeek, 0, 6) || (wall.DayOfWeek == DayOfWeek.Sunday && Has(4, 7, 0, 6));
        bool areBothRestricted = !IsUnrestricted(2) && !IsUnrestricted(4);
        return Has(3, wall.Month, 1, 12) && (areBothRestricted ? ofMonth || ofWeek : ofMonth && ofWeek);
    }

    /// <summary>Whether a day field leaves all days open.</summary>
    private bool IsUnrestricted(int field) =>
        _fields[field].Split(',').Any(term => term is "*" or "?" or "*/1" or "?/1");

    private bool Has(int field, int value, int min, int max) => _fields[field].Split(',').Any(term =>
    {
        string[] parts = term.Split('/');
        int step = parts.Length == 2 ? int.Parse(parts[1], CultureInfo.InvariantCulture) : 1;
        (int first, int last) = parts[0] switch
        {
            "*" or "?" => (min, max),
            var range when range.Split('-') is [var a, var b] => (Number(field, a), Number(field, b)),
            var single => (Number(field, single), parts.Length == 2 ? max : Number(field, single)),
        };
        return (value == first || (value > first && value <= last)) && (value - first) % step == 0;
    });

    private static int Number(int field, string text) => field switch
    {
        3 when Months.Contains(text) => Array.IndexOf(Months, text) + 1,
        4 when Days.Contains(text) => Array.IndexOf(Days, text),
        _ => int.Parse(text, CultureInfo.InvariantCulture),
    };
}
