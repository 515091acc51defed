using System.Globalization;
using System.Text.Json;

namespace EtcdBackupAgent.Objects.Printing;

/// <summary>Ages as kubectl prints them, such as <c>5m12s</c>, <c>3h</c>, <c>7d</c> or <c>2y31d</c>.</summary>
internal static class ObjectAge
{
    /// <summary>Printed for an object without a time.</summary>
    public const string Unknown = "<unknown>";

    /// <summary>Printed for a time in the future, and for a text that is not a time.</summary>
    public const string Invalid = "<invalid>";

    private const int DaysPerYear = 365;

    public static string Of(JsonElement item, DateTimeOffset now) =>
        Fields.Text(item, "metadata", "creationTimestamp") is { } text
        && DateTimeOffset.TryParse(
            text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset created)
            ? Text(now - created)
            : Unknown;

    /// <summary>Source: <c>k8s.io/apimachinery/pkg/util/duration</c>, the rules of <c>HumanDuration</c>.</summary>
    internal static string Text(TimeSpan age)
    {
        long seconds = (long)age.TotalSeconds;
        (long minutes, long hours, long days) = (seconds / 60, seconds / 3600, seconds / 86_400);
        return seconds < -1 ? Invalid
            : seconds < 0 ? "0s"
            : seconds < 60 * 2 ? $"{seconds}s"
            : minutes < 10 ? Pair(minutes, 'm', seconds % 60, 's')
            : minutes < 60 * 3 ? $"{minutes}m"
            : hours < 8 ? Pair(hours, 'h', minutes % 60, 'm')
            : hours < 48 ? $"{hours}h"
            : days < 8 ? Pair(days, 'd', hours % 24, 'h')
            : days < DaysPerYear * 2 ? $"{days}d"
            : days < DaysPerYear * 8 ? Pair(days / DaysPerYear, 'y', days % DaysPerYear, 'd')
            : $"{days / DaysPerYear}y";
    }

    private static string Pair(long large, char largeUnit, long small, char smallUnit) =>
        small == 0 ? $"{large}{largeUnit}" : $"{large}{largeUnit}{small}{smallUnit}";
}
