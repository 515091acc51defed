using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using EtcdBackupAgent.Objects.JsonPaths;

namespace EtcdBackupAgent.Objects.Printing;

/// <summary>A column of a definition.</summary>
/// <param name="Name">The header.</param>
/// <param name="Type"><c>string</c>, <c>integer</c>, <c>number</c>, <c>boolean</c> or <c>date</c>.</param>
/// <param name="Path">The path to the value.</param>
/// <param name="Priority">0 if the column is always shown.</param>
internal sealed partial record PrinterColumn(string Name, string Type, JsonPath Path, int Priority)
{
    /// <summary>Further digits of a second are not read.</summary>
    private const int FractionDigitsMax = 7;

    /// <summary>
    /// Returns the text for an object. It is empty if the value is missing or of another type: the server then sends no
    /// cell.
    /// </summary>
    public string Text(JsonElement item, DateTimeOffset now)
    {
        try
        {
            return Path.Find(item) is [JsonElement first, ..] ? Printed(Cell(first, now)) : "";
        }
        catch (JsonPathException)
        {
            return "";
        }
    }

    private string Cell(JsonElement value, DateTimeOffset now) => (Type, value.ValueKind) switch
    {
        ("string", _) => TextOf(value),
        ("integer", JsonValueKind.Number) => value.TryGetInt64(out long whole)
            ? whole.ToString(CultureInfo.InvariantCulture)
            : ((long)value.GetDouble()).ToString(CultureInfo.InvariantCulture),
        ("number", JsonValueKind.Number) => NumberText(value.GetDouble()),
        ("boolean", JsonValueKind.True) => "true",
        ("boolean", JsonValueKind.False) => "false",
        ("date", JsonValueKind.String) => AgeOf(value.GetString()!, now),
        _ => "",
    };

    private static string TextOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        JsonValueKind.Number => value.TryGetInt64(out long whole)
            ? whole.ToString(CultureInfo.InvariantCulture)
            : GoText(value.GetDouble()),
        JsonValueKind.Null => "<no value>",
        _ => Compact(value),
    };

    /// <summary>A number goes to kubectl as JSON, where one without a fraction is a whole one.</summary>
    private static string NumberText(double number) =>
        Math.Abs(number) < 9.2e18 && Math.Floor(number) == number
            ? ((long)number).ToString(CultureInfo.InvariantCulture)
            : GoText(number);

    /// <summary>A number as Go prints it: with an exponent from a million on, and below a ten-thousandth.</summary>
    private static string GoText(double number)
    {
        string[] parts = number.ToString("E16", CultureInfo.InvariantCulture).Split('E');
        int exponent = int.Parse(parts[1], CultureInfo.InvariantCulture);
        string shortest = number.ToString("R", CultureInfo.InvariantCulture);
        if (exponent is >= -4 and < 6)
        {
            return decimal.TryParse(shortest, NumberStyles.Float, CultureInfo.InvariantCulture, out decimal exact)
                ? exact.ToString(CultureInfo.InvariantCulture)
                : shortest;
        }

        string digits = shortest.Split('E')[0].TrimStart('-').Replace(".", "", StringComparison.Ordinal).Trim('0');
        string sign = number < 0 ? "-" : "";
        string mantissa = digits.Length > 1 ? $"{digits[0]}.{digits[1..]}" : digits;
        return string.Create(
            CultureInfo.InvariantCulture, $"{sign}{mantissa}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}");
    }

    /// <summary>Objects and lists are printed as JSON, with the characters of HTML escaped as Go does.</summary>
    private static string Compact(JsonElement value) => value.GetRawText()
        .Replace("<", "\\u003c", StringComparison.Ordinal)
        .Replace(">", "\\u003e", StringComparison.Ordinal)
        .Replace("&", "\\u0026", StringComparison.Ordinal);

    private static string AgeOf(string text, DateTimeOffset now)
    {
        if (text is "" or "null")
        {
            return ObjectAge.Unknown;
        }

        Match match = Date().Match(text);
        string fraction = match.Groups["fraction"].Value;
        return match.Success
            && DateTimeOffset.TryParse(
                match.Groups["seconds"].Value + fraction[..Math.Min(fraction.Length, FractionDigitsMax + 1)]
                + match.Groups["offset"].Value,
                CultureInfo.InvariantCulture,
                DateTimeStyles.None,
                out DateTimeOffset time)
            ? time.UtcDateTime == DateTime.MinValue ? ObjectAge.Unknown : ObjectAge.Text(now - time)
            : ObjectAge.Invalid;
    }

    /// <summary>kubectl prints the first line of a text, and no control characters.</summary>
    private static string Printed(string cell)
    {
        int end = cell.AsSpan().IndexOfAny('\f', '\n', '\r');
        return (end < 0 ? cell : $"{cell[..end]}...").Replace("\u001b", "^[", StringComparison.Ordinal);
    }

    [GeneratedRegex(
        @"^(?<seconds>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?<fraction>\.\d+)?(?<offset>Z|[-+]\d\d:\d\d)\z",
        RegexOptions.ExplicitCapture,
        1000)]
    private static partial Regex Date();
}
