using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Core.Backups;

/// <summary>What became of one backup, as far as it is measured.</summary>
public sealed record BackupObservation
{
    public required string PolicyName { get; init; }

    /// <summary>
    /// Whether the run came to its end as the policy wants it: a backup that exists but is damaged did not.
    /// </summary>
    public required bool Succeeded { get; init; }

    /// <summary>Why it failed; null if it succeeded, or if that is not known.</summary>
    public FailureReason? Reason { get; init; }

    public required DateTimeOffset FinishedAt { get; init; }

    public required TimeSpan Duration { get; init; }

    /// <summary>Bytes of database and certificates before compression; null if no snapshot was made.</summary>
    public long? PlainBytes { get; init; }

    /// <summary>What the snapshot takes in the repository; null if none was made.</summary>
    public long? StoredBytes { get; init; }

    /// <summary>
    /// When the snapshot was completed, of a run that failed after that and left a good one: by its retention, or
    /// because its verification could not be done. Null says nothing for a run that succeeded.
    /// </summary>
    public DateTimeOffset? GoodSnapshotAt { get; init; }

    /// <summary>When the deep verification after it came to its end; null if none was done.</summary>
    public DateTimeOffset? VerifiedAt { get; init; }

    /// <summary>What that found; null together with <see cref="VerifiedAt"/>.</summary>
    public bool? VerifiedSound { get; init; }
}
