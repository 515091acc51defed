using System.Globalization;
using System.Text.Json;

namespace EtcdBackupAgent.Objects.Json;

/// <summary>
/// Times as Kubernetes prints them: RFC 3339 in UTC, without a fraction or with six digits. A stored time can be any
/// number of seconds, also one that no <see cref="DateTime"/> can be.
/// </summary>
internal static class GoTime
{
    /// <summary>0001-01-01T00:00:00Z, Go's zero time, in seconds since 1970.</summary>
    public const long ZeroSeconds = -62_135_596_800;

    private const long SecondsPerDay = 86_400;
    private const int NanosecondsPerMicrosecond = 1000;
    private const long NanosecondsPerSecond = 1_000_000_000;

    /// <summary>The days from 0000-03-01 to 1970-01-01, and those of 400 years.</summary>
    private const long DaysBefore1970 = 719_468;
    private const long DaysPerEra = 146_097;

    public static void Write(Utf8JsonWriter writer, long seconds)
    {
        Span<char> text = stackalloc char[40];
        int length = WriteSeconds(text, seconds);
        text[length++] = 'Z';
        writer.WriteStringValue(text[..length]);
    }

    public static void WriteMicroseconds(Utf8JsonWriter writer, long seconds, int nanoseconds)
    {
        // As time.Unix does: a fraction is never negative.
        (long carry, long fraction) = Math.DivRem(nanoseconds, NanosecondsPerSecond);
        if (fraction < 0)
        {
            (carry, fraction) = (carry - 1, fraction + NanosecondsPerSecond);
        }

        Span<char> text = stackalloc char[48];
        int length = WriteSeconds(text, unchecked(seconds + carry));
        text[length++] = '.';
        (fraction / NanosecondsPerMicrosecond).TryFormat(
            text[length..], out int digits, "000000", CultureInfo.InvariantCulture);
        length += digits;
        text[length++] = 'Z';
        writer.WriteStringValue(text[..length]);
    }

    private static int WriteSeconds(Span<char> text, long seconds)
    {
        long day = Math.DivRem(seconds, SecondsPerDay, out long second);
        if (second < 0)
        {
            (day, second) = (day - 1, second + SecondsPerDay);
        }

        (long year, int month, int dayOfMonth) = Date(day);
        text.TryWrite(
            CultureInfo.InvariantCulture,
            $"{year:0000}-{month:00}-{dayOfMonth:00}T{second / 3600:00}:{second / 60 % 60:00}:{second % 60:00}",
            out int length);
        return length;
    }

    /// <summary>Returns the date of a day since 1970. The computed years begin in March.</summary>
    private static (long Year, int Month, int Day) Date(long day)
    {
        long days = day + DaysBefore1970;
        long era = (days >= 0 ? days : days - DaysPerEra + 1) / DaysPerEra;
        long dayOfEra = days - (era * DaysPerEra);
        long yearOfEra = (dayOfEra - (dayOfEra / 1460) + (dayOfEra / 36_524) - (dayOfEra / 146_096)) / 365;
        long dayOfYear = dayOfEra - ((365 * yearOfEra) + (yearOfEra / 4) - (yearOfEra / 100));
        long month = ((5 * dayOfYear) + 2) / 153;
        int dayOfMonth = (int)(dayOfYear - (((153 * month) + 2) / 5) + 1);
        int calendarMonth = (int)(month < 10 ? month + 3 : month - 9);
        return (yearOfEra + (era * 400) + (calendarMonth <= 2 ? 1 : 0), calendarMonth, dayOfMonth);
    }
}
