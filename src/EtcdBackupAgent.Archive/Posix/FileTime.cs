using System.Buffers.Text;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace EtcdBackupAgent.Archive.Posix;

/// <summary>The time of a file as the system stores it (<c>struct timespec</c>): any year, in nanoseconds.</summary>
/// <param name="Seconds">The seconds since 1970 in UTC; negative before 1970.</param>
/// <param name="Nanoseconds">0 to 999,999,999, added to <paramref name="Seconds"/>, also before 1970.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct FileTime(long Seconds, long Nanoseconds)
{
    private const long NanosecondsPerSecond = 1_000_000_000;
    private const int FractionDigits = 9;

    /// <summary>Returns the decimal number of pax: <c>1.5</c>, and <c>-1.5</c> for 1.5 s before 1970.</summary>
    public string ToDecimal()
    {
        bool isNegative = Seconds < 0;
        Int128 total = ((Int128)Seconds * NanosecondsPerSecond) + Nanoseconds;
        UInt128 size = (UInt128)(isNegative ? -total : total);
        UInt128 whole = size / (UInt128)NanosecondsPerSecond;
        string fraction = ((long)(size % (UInt128)NanosecondsPerSecond))
            .ToString("D9", CultureInfo.InvariantCulture).TrimEnd('0');
        string point = fraction.Length > 0 ? "." : "";
        return string.Create(CultureInfo.InvariantCulture, $"{(isNegative ? "-" : "")}{whole}{point}{fraction}");
    }

    /// <summary>
    /// Parses the text of <see cref="ToDecimal"/>. Digits beyond nanoseconds are rounded towards the past.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out FileTime time)
    {
        time = default;
        bool isNegative = text.StartsWith("-"u8);
        text = isNegative ? text[1..] : text;
        int point = text.IndexOf((byte)'.');
        ReadOnlySpan<byte> whole = point < 0 ? text : text[..point];
        ReadOnlySpan<byte> fraction = point < 0 ? [] : text[(point + 1)..];
        if (whole.IsEmpty || whole.ContainsAnyExceptInRange((byte)'0', (byte)'9')
            || fraction.ContainsAnyExceptInRange((byte)'0', (byte)'9')
            || !Utf8Parser.TryParse(whole, out ulong size, out int consumed) || consumed != whole.Length
            || size > (ulong)long.MaxValue + (isNegative ? 1UL : 0))
        {
            return false;
        }

        ReadOnlySpan<byte> kept = fraction[..Math.Min(fraction.Length, FractionDigits)];
        long nanoseconds = kept.IsEmpty
            ? 0
            : long.Parse(Encoding.ASCII.GetString(kept).PadRight(FractionDigits, '0'), CultureInfo.InvariantCulture);
        if (isNegative && fraction[kept.Length..].ContainsAnyExcept((byte)'0'))
        {
            nanoseconds++;
        }

        long seconds = isNegative ? unchecked(-(long)size) : (long)size;
        if (isNegative && nanoseconds > 0 && seconds == long.MinValue)
        {
            return false;
        }

        time = !isNegative || nanoseconds == 0
            ? new FileTime(seconds, nanoseconds)
            : new FileTime(seconds - 1, NanosecondsPerSecond - nanoseconds);
        return true;
    }
}
