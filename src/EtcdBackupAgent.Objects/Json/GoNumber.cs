using System.Globalization;
using System.Text;
using System.Text.Json;

namespace EtcdBackupAgent.Objects.Json;

/// <summary>
/// Numbers as kubectl prints them: whole numbers of 64 bits as they are, all others as the nearest double, in Go's
/// format. Source: https://pkg.go.dev/encoding/json#Marshal
/// </summary>
internal static class GoNumber
{
    private const int ExponentMin = -6;
    private const int ExponentMax = 21;

    /// <summary>Writes a JSON number.</summary>
    public static void Write(Utf8JsonWriter writer, ReadOnlySpan<byte> number)
    {
        if (long.TryParse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long integer))
        {
            writer.WriteNumberValue(integer);
            return;
        }

        double value = double.Parse(number, NumberStyles.Float, CultureInfo.InvariantCulture);
        if (!double.IsFinite(value))
        {
            throw new JsonException("a number is too large");
        }

        writer.WriteRawValue(Format(value), skipInputValidation: true);
    }

    /// <summary>Returns the shortest digits that are this double; with an exponent below 1e-6 and from 1e21.</summary>
    public static string Format(double value)
    {
        if (value == 0)
        {
            return double.IsNegative(value) ? "-0" : "0";
        }

        // "d.dddE+ddd", the shortest digits: the format of R without its own choice of an exponent.
        string scientific = value.ToString("E16", CultureInfo.InvariantCulture);
        string shortest = value.ToString("R", CultureInfo.InvariantCulture);
        string digits = Digits(shortest);
        int exponent = int.Parse(
            scientific.AsSpan(scientific.IndexOf('E', StringComparison.Ordinal) + 1), CultureInfo.InvariantCulture);
        exponent += RoundedUp(digits, scientific);
        string sign = value < 0 ? "-" : "";
        return exponent is < ExponentMin or >= ExponentMax
            ? $"{sign}{Scientific(digits, exponent)}"
            : $"{sign}{Fixed(digits, exponent)}";
    }

    /// <summary>Returns the significant digits of a formatted number.</summary>
    private static string Digits(string number)
    {
        StringBuilder digits = new();
        foreach (char c in number)
        {
            if (c == 'E')
            {
                break;
            }

            if (char.IsAsciiDigit(c) && (digits.Length > 0 || c != '0'))
            {
                digits.Append(c);
            }
        }

        return digits.ToString().TrimEnd('0') is { Length: > 0 } trimmed ? trimmed : "0";
    }

    /// <summary>Returns 1 if the shortest digits are the next power of ten: 9.9999999999999999 and 1.</summary>
    private static int RoundedUp(string digits, string scientific) =>
        digits == "1" && scientific.TrimStart('-')[0] == '9' ? 1 : 0;

    private static string Scientific(string digits, int exponent)
    {
        string fraction = digits.Length > 1 ? $".{digits[1..]}" : "";
        string power = Math.Abs(exponent).ToString("00", CultureInfo.InvariantCulture);

        // Go's JSON has no zero before a single digit: 1e-7, not 1e-07.
        return $"{digits[0]}{fraction}e{(exponent < 0 ? '-' : '+')}{(exponent < 0 ? power.TrimStart('0') : power)}";
    }

    private static string Fixed(string digits, int exponent) =>
        exponent < 0 ? $"0.{new string('0', -exponent - 1)}{digits}"
        : digits.Length <= exponent + 1 ? digits.PadRight(exponent + 1, '0')
        : $"{digits[..(exponent + 1)]}.{digits[(exponent + 1)..]}";
}
