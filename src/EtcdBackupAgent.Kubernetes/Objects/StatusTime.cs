using System.Globalization;
using EtcdBackupAgent.Core.History;

namespace EtcdBackupAgent.Kubernetes.Objects;

/// <summary>Converts times to the format of Kubernetes objects: RFC 3339, UTC, whole seconds.</summary>
internal static class StatusTime
{
    private const string Format = "yyyy-MM-dd'T'HH:mm:ss'Z'";

    public static string Text(DateTimeOffset time) => time.UtcDateTime.ToString(Format, CultureInfo.InvariantCulture);

    /// <summary>Returns the first whole second at or after a time.</summary>
    public static DateTimeOffset RoundedUp(DateTimeOffset time) => Rounded(time.AddTicks(TimeSpan.TicksPerSecond - 1));

    /// <summary>Returns a time with its milliseconds, if it has any.</summary>
    public static string Precise(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFF'Z'", CultureInfo.InvariantCulture);

    /// <summary>Returns a time that was read, or null if it is in the future: the writer's clock was wrong, or the
    /// local clock is.</summary>
    public static DateTimeOffset? Past(DateTimeOffset? read, DateTimeOffset now) =>
        read is { } time && !ClockTolerance.IsFuture(time, now) ? time : null;

    /// <summary>Returns a time as it is after it was written and read again.</summary>
    public static DateTimeOffset Rounded(DateTimeOffset time) =>
        time.AddTicks(-(time.UtcTicks % TimeSpan.TicksPerSecond));
}
