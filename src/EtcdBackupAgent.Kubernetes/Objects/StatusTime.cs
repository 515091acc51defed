using System.Globalization;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.History;

namespace EtcdBackupAgent.Kubernetes.Objects;

/// <summary>Times as Kubernetes writes them in objects: RFC 3339, UTC, whole seconds.</summary>
internal static class StatusTime
{
    private const string Format = "yyyy-MM-dd'T'HH:mm:ss'Z'";

    public static string Text(DateTimeOffset time) => time.UtcDateTime.ToString(Format, CultureInfo.InvariantCulture);

    /// <summary>A time in a status; null if it is absent or none.</summary>
    public static DateTimeOffset? Find(JsonObject status, string field) =>
        DateTimeOffset.TryParse(
            ObjectMetadata.Find(status, field), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time)
            ? time
            : null;

    /// <summary>The same, and null also if the time lies in the future: whoever wrote that had a wrong clock, or it is
    /// wrong here.</summary>
    public static DateTimeOffset? FindPast(JsonObject status, string field, DateTimeOffset now) =>
        Find(status, field) is { } time && !ClockTolerance.IsFuture(time, now) ? time : null;

    /// <summary>A time as it reads when it was written and read again.</summary>
    public static DateTimeOffset Rounded(DateTimeOffset time) => time.AddTicks(-(time.UtcTicks % TimeSpan.TicksPerSecond));
}
