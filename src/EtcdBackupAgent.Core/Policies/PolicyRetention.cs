namespace EtcdBackupAgent.Core.Policies;

/// <summary>
/// Which snapshots of a policy are kept: <c>spec.retention</c>, or <c>spec.retainNumBackups</c> alone; see
/// <c>docs/policies.md</c>, "Retention by generations".
/// </summary>
/// <remarks>
/// A snapshot is kept if one kind keeps it. Without any kind all are kept, up to <see cref="MaxBytes"/> and
/// <see cref="Ttl"/>.
/// </remarks>
public sealed record PolicyRetention
{
    /// <summary>The lowest value of a kind, and of <see cref="Minimum"/>.</summary>
    public const int CountMin = 1;

    /// <summary>The default of <see cref="Minimum"/>.</summary>
    public const int MinimumDefault = 1;

    /// <summary>The lowest value of <see cref="MaxBytes"/>.</summary>
    public const long MaxBytesMin = 1 << 20;

    /// <summary>The highest value of <see cref="MaxBytes"/>: a quantity has at most nine digits.</summary>
    public const long MaxBytesMax = 999_999_999L << 30;

    /// <summary>The shortest <see cref="Within"/> and <see cref="Ttl"/>.</summary>
    public static readonly TimeSpan AgeMin = TimeSpan.FromMinutes(1);

    /// <summary>Keep this many of the newest snapshots.</summary>
    public int? Last { get; init; }

    /// <summary>Keep the newest snapshot of this many hours that have one.</summary>
    public int? Hourly { get; init; }

    /// <summary>Keep the newest snapshot of this many days that have one.</summary>
    public int? Daily { get; init; }

    /// <summary>
    /// Keep the newest snapshot of this many weeks that have one; a week begins on Monday (ISO 8601).
    /// </summary>
    public int? Weekly { get; init; }

    /// <summary>Keep the newest snapshot of this many months that have one.</summary>
    public int? Monthly { get; init; }

    /// <summary>Keep the newest snapshot of this many years that have one.</summary>
    public int? Yearly { get; init; }

    /// <summary>Keep all snapshots that are younger than this, compared with the newest one.</summary>
    public TimeSpan? Within { get; init; }

    /// <summary>The stored bytes that the policy's snapshots may have together.</summary>
    public long? MaxBytes { get; init; }

    /// <summary>The number of snapshots that are kept whatever their age and size.</summary>
    public int Minimum { get; init; } = MinimumDefault;

    /// <summary>The age at which a new snapshot will be removed even if a kind keeps it.</summary>
    public TimeSpan? Ttl { get; init; }

    /// <summary>Where hours, days, weeks, months and years begin.</summary>
    public TimeZoneInfo TimeZone { get; init; } = TimeZoneInfo.Utc;

    /// <summary>Whether a kind decides which snapshots are kept.</summary>
    public bool HasKinds => (Last ?? Hourly ?? Daily ?? Weekly ?? Monthly ?? Yearly) is not null || Within is not null;

    /// <summary>Whether there is nothing that removes a snapshot.</summary>
    public bool IsEmpty => !HasKinds && MaxBytes is null && Ttl is null;

    /// <summary>Keeps the newest snapshots.</summary>
    public static PolicyRetention Newest(int count) => new() { Last = count };
}
