namespace EtcdBackupAgent.Core.Policies;

/// <summary>The change log of a policy: <c>spec.changeLog</c>, see <c>docs/policies.md</c>.</summary>
public sealed record PolicyChangeLog
{
    /// <summary>The time after which a segment is closed, by default.</summary>
    public static readonly TimeSpan CloseEveryDefault = TimeSpan.FromSeconds(30);

    /// <summary>The shortest <see cref="CloseEvery"/>.</summary>
    public static readonly TimeSpan CloseEveryMin = TimeSpan.FromSeconds(1);

    /// <summary>The longest <see cref="CloseEvery"/>.</summary>
    public static readonly TimeSpan CloseEveryMax = TimeSpan.FromHours(1);

    /// <summary>The number of bytes at which a segment is closed, by default.</summary>
    public const long CloseBytesDefault = 8 << 20;

    /// <summary>The smallest <see cref="CloseBytes"/>.</summary>
    public const long CloseBytesMin = 64 << 10;

    /// <summary>The largest <see cref="CloseBytes"/>.</summary>
    public const long CloseBytesMax = 256 << 20;

    /// <summary>How long segments are kept, by default.</summary>
    public static readonly TimeSpan KeepDefault = TimeSpan.FromDays(7);

    /// <summary>The shortest <see cref="Keep"/>.</summary>
    public static readonly TimeSpan KeepMin = TimeSpan.FromMinutes(1);

    /// <summary>A segment with records is closed after this time.</summary>
    public TimeSpan CloseEvery { get; init; } = CloseEveryDefault;

    /// <summary>A segment is closed when its records have this many bytes before compression.</summary>
    public long CloseBytes { get; init; } = CloseBytesDefault;

    /// <summary>Segments that end before this time are pruned.</summary>
    public TimeSpan Keep { get; init; } = KeepDefault;
}
