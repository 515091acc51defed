namespace EtcdBackupAgent.Core.Policies;

/// <summary>When a policy's backups are incremental: <c>spec.increments</c>, see <c>docs/policies.md</c>.</summary>
public sealed record PolicyIncrements
{
    /// <summary>The age of the newest base at which the next backup is a full one, by default.</summary>
    public static readonly TimeSpan FullEveryDefault = TimeSpan.FromHours(24);

    /// <summary>The shortest <see cref="FullEvery"/>.</summary>
    public static readonly TimeSpan FullEveryMin = TimeSpan.FromMinutes(1);

    /// <summary>The largest share of the base's stored bytes that changes may have, in percent, by default.</summary>
    public const int SizeMaxPercentDefault = 30;

    /// <summary>The upper limit of <see cref="SizeMaxPercent"/>.</summary>
    public const int SizeMaxPercentMax = 100;

    /// <summary>A backup is full if the newest base is at least this old.</summary>
    public TimeSpan FullEvery { get; init; } = FullEveryDefault;

    /// <summary>
    /// A backup is full if its changes would have more stored bytes than this share of the base's, in percent; from 1
    /// to <see cref="SizeMaxPercentMax"/>.
    /// </summary>
    public int SizeMaxPercent { get; init; } = SizeMaxPercentDefault;
}
