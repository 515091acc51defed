using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Restores;

namespace EtcdBackupAgent.Core.Verification;

/// <summary>The result of the deep verification of one snapshot.</summary>
public sealed record DeepVerifyOutcome
{
    public required SnapshotFolder Folder { get; init; }

    /// <summary>
    /// The revision that was verified, if it was not the snapshot's own. The result is then not recorded.
    /// </summary>
    public RestoredRevision? Revision { get; init; }

    /// <summary>The part of a change log that is proven by it; null if none is.</summary>
    public LogProof? Proof { get; init; }

    /// <summary>The record of the result; null if the manifest cannot be read.</summary>
    public VerificationRecord? Record { get; init; }

    /// <summary>Why the manifest cannot be read; null if it can.</summary>
    public BackupException? ManifestProblem { get; init; }

    /// <summary>Why the snapshot does not have its restore point; null if it has, or has none.</summary>
    public BackupException? PointProblem { get; init; }

    /// <summary>
    /// Why the result is not recorded, or why the previous record could not be removed; null if neither failed.
    /// </summary>
    public BackupException? RecordFailure { get; init; }

    /// <summary>Whether no check failed.</summary>
    public bool IsSound => Record?.Result == VerificationResult.Sound;

    /// <summary>
    /// The one failure to report if the snapshot must be sound and recorded as sound: the damage, or else the store's
    /// failure; null if there is none.
    /// </summary>
    public BackupException? Failure => ManifestProblem ?? PointProblem ?? (IsSound ? RecordFailure : Damage());

    private BackupException Damage()
    {
        string[] problems = [.. Record!.Checks.SelectMany(check => check.Problems)];
        string more = problems.Length > 1 ? $" (and {problems.Length - 1} more)" : "";
        string notRecorded = RecordFailure is { } failure ? $" {failure.Message}" : "";
        return new BackupException(
            FailureReason.DataDamaged,
            $"Snapshot {Folder.Id} is damaged: "
            + $"{problems.FirstOrDefault("a check failed").TrimEnd('.')}{more}.{notRecorded}",
            RecordFailure)
        {
            Hint = $"'etcd-backup-agent show {Folder.Id}' shows all damage. Check the etcd member, then make a new "
                + "backup.",
        };
    }
}
