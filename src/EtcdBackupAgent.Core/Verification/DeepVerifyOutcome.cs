using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Core.Verification;

/// <summary>What verifying one snapshot deeply found.</summary>
public sealed record DeepVerifyOutcome
{
    public required SnapshotFolder Folder { get; init; }

    /// <summary>What was found; null if the manifest cannot be read.</summary>
    public VerificationRecord? Record { get; init; }

    /// <summary>Why the manifest cannot be read; null if it can.</summary>
    public BackupException? ManifestProblem { get; init; }

    /// <summary>Why what was found is not recorded, or a record before it is still there; null if all is well.</summary>
    public BackupException? RecordFailure { get; init; }

    /// <summary>Nothing that was checked is wrong.</summary>
    public bool IsSound => Record?.Result == VerificationResult.Sound;

    /// <summary>
    /// The one failure to report where the snapshot had to be sound, and recorded as such: the damage, or else the store's; null if there is none.
    /// </summary>
    public BackupException? Failure => ManifestProblem ?? (IsSound ? RecordFailure : Damage());

    private BackupException Damage()
    {
        string[] problems = [.. Record!.Checks.SelectMany(check => check.Problems)];
        string more = problems.Length > 1 ? $" (and {problems.Length - 1} more)" : "";
        string notRecorded = RecordFailure is { } failure ? $" {failure.Message}" : "";
        return new BackupException(
            FailureReason.DataDamaged,
            $"Snapshot {Folder.Id} is damaged: {problems.FirstOrDefault("a check failed").TrimEnd('.')}{more}.{notRecorded}",
            RecordFailure)
        {
            Hint = $"'etcd-backup-agent show {Folder.Id}' tells everything that is wrong; look at the etcd member, and back up again.",
        };
    }
}
