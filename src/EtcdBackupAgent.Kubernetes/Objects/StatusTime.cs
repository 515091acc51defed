using System.Globalization;
using EtcdBackupAgent.Core.History;

namespace EtcdBackupAgent.Kubernetes.Objects;

/// <summary>Times as Kubernetes writes them in objects: RFC 3339, UTC, whole seconds.</summary>
internal static class StatusTime
{
    private const string Format = "yyyy-MM-dd'T'HH:mm:ss'Z'";

    public static string Text(DateTimeOffset time) => time.UtcDateTime.ToString(Format, CultureInfo.InvariantCulture);

    /// <summary>A time that was read, or null if it lies in the future: the clock of its writer was wrong, or the one
    /// here is.</summary>
    public static DateTimeOffset? Past(DateTimeOffset? read, DateTimeOffset now) =>
        read is { } time && !ClockTolerance.IsFuture(time, now) ? time : null;

    /// <summary>A time as it reads when it was written and read again.</summary>
    public static DateTimeOffset Rounded(DateTimeOffset time) => time.AddTicks(-(time.UtcTicks % TimeSpan.TicksPerSecond));
}
