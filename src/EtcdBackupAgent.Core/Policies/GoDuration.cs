using System.Globalization;

namespace EtcdBackupAgent.Core.Policies;

/// <summary>
/// A duration as Go's <c>time.ParseDuration</c> reads it: numbers with units and no spaces, <c>1h30m</c>, <c>1.5h</c>.
/// Source: https://pkg.go.dev/time#ParseDuration. A sign is not accepted, because no duration in this program is
/// negative.
/// </summary>
public static class GoDuration
{
    private const char DayUnit = 'd';
    private const int DayDigitsMax = 5;

    private static readonly Dictionary<string, decimal> TicksByUnit = new(StringComparer.Ordinal)
    {
        ["ns"] = TimeSpan.TicksPerMicrosecond / 1000m,
        ["us"] = TimeSpan.TicksPerMicrosecond,
        ["µs"] = TimeSpan.TicksPerMicrosecond,
        ["μs"] = TimeSpan.TicksPerMicrosecond,
        ["ms"] = TimeSpan.TicksPerMillisecond,
        ["s"] = TimeSpan.TicksPerSecond,
        ["m"] = TimeSpan.TicksPerMinute,
        ["h"] = TimeSpan.TicksPerHour,
    };

    /// <summary>
    /// Parses a duration, rounded down to 100 ns; null if the text is not one, or exceeds Go's 292 years.
    /// </summary>
    public static TimeSpan? Parse(string text)
    {
        decimal ticks = 0;
        ReadOnlySpan<char> rest = text;
        if (rest.IsEmpty)
        {
            return null;
        }

        while (!rest.IsEmpty)
        {
            ReadOnlySpan<char> number = rest[..LengthWhile(rest, c => char.IsAsciiDigit(c) || c == '.')];
            rest = rest[number.Length..];
            ReadOnlySpan<char> unit = rest[..LengthWhile(rest, c => !char.IsAsciiDigit(c) && c != '.')];
            rest = rest[unit.Length..];
            if (number.Length > 19
                || !decimal.TryParse(
                    number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal value)
                || !TicksByUnit.TryGetValue(unit.ToString(), out decimal each))
            {
                return null;
            }

            ticks += value * each;
            if (ticks > long.MaxValue / 100)
            {
                return null;
            }
        }

        return TimeSpan.FromTicks((long)ticks);
    }

    /// <summary>
    /// Parses whole days, <c>7d</c>, or a duration as <see cref="Parse"/> does; null if the text is neither.
    /// </summary>
    public static TimeSpan? ParseWithDays(string text)
    {
        if (!text.EndsWith(DayUnit))
        {
            return Parse(text);
        }

        ReadOnlySpan<char> number = text.AsSpan(0, text.Length - 1);
        return number.Length is > 0 and <= DayDigitsMax && LengthWhile(number, char.IsAsciiDigit) == number.Length
            ? TimeSpan.FromDays(int.Parse(number, NumberStyles.None, CultureInfo.InvariantCulture))
            : null;
    }

    private static int LengthWhile(ReadOnlySpan<char> text, Func<char, bool> condition)
    {
        int length = 0;
        while (length < text.Length && condition(text[length]))
        {
            length++;
        }

        return length;
    }
}
