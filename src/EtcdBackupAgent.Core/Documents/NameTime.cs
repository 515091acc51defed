using System.Globalization;

namespace EtcdBackupAgent.Core.Documents;

/// <summary>
/// Times in the names of objects: <c>20260131T235959Z</c>, in UTC and whole seconds. Such names sort in the order of
/// their times.
/// </summary>
internal static class NameTime
{
    private const string Format = "yyyyMMdd'T'HHmmss'Z'";

    public static string Text(DateTimeOffset time) =>
        time.ToUniversalTime().ToString(Format, CultureInfo.InvariantCulture);

    public static bool TryRead(string text, out DateTimeOffset time) => DateTimeOffset.TryParseExact(
        text, Format, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time);
}
