using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Core.Backups;

/// <summary>The measured result of one backup.</summary>
public sealed record BackupObservation
{
    public required string PolicyName { get; init; }

    /// <summary>
    /// Whether the run completed as the policy requires. A backup that exists but is damaged did not succeed.
    /// </summary>
    public required bool Succeeded { get; init; }

    /// <summary>The reason of the failure; null if the backup succeeded, or if the reason is not known.</summary>
    public FailureReason? Reason { get; init; }

    public required DateTimeOffset FinishedAt { get; init; }

    public required TimeSpan Duration { get; init; }

    /// <summary>Bytes of the database and the certificates before compression; null if no snapshot was made.</summary>
    public long? PlainBytes { get; init; }

    /// <summary>Bytes of the snapshot in the repository; null if no snapshot was made.</summary>
    public long? StoredBytes { get; init; }

    /// <summary>
    /// When the snapshot was completed, for a run that failed after that and left a good snapshot: its retention
    /// failed, or its verification could not be done. Null has no meaning for a run that succeeded.
    /// </summary>
    public DateTimeOffset? GoodSnapshotAt { get; init; }

    /// <summary>When the deep verification after the backup completed; null if there was none.</summary>
    public DateTimeOffset? VerifiedAt { get; init; }

    /// <summary>Whether that verification found no damage; null if <see cref="VerifiedAt"/> is null.</summary>
    public bool? VerifiedSound { get; init; }
}
