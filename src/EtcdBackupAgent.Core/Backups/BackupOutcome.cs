using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Retention;
using EtcdBackupAgent.Core.Verification;

namespace EtcdBackupAgent.Core.Backups;

/// <summary>A backup that exists.</summary>
public sealed record BackupOutcome
{
    public required SnapshotFolder Folder { get; init; }

    public required SnapshotManifest Manifest { get; init; }

    /// <summary>The address of the repository, for messages.</summary>
    public required string Address { get; init; }

    /// <summary>
    /// Problems that did not stop the backup: sockets that were skipped, a file that grew while it was read, no HashKV.
    /// </summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <summary>
    /// The one of the warnings that says why the snapshot lacks the restore point that was requested, or may lack it;
    /// null if it has it, or if none was requested.
    /// </summary>
    public string? PointWarning { get; init; }

    /// <summary>
    /// The result of the deep verification after the backup; null if none was requested, or if it could not be done.
    /// </summary>
    public DeepVerifyOutcome? Verified { get; init; }

    /// <summary>
    /// Why the backup, which exists, did not pass its deep verification: <see cref="FailureReason.DataDamaged"/>, or
    /// why the verification could not be done or recorded. In that case nothing was pruned. Null if it passed, or if
    /// none was requested.
    /// </summary>
    public BackupException? VerifyFailure { get; init; }

    /// <summary>
    /// The snapshots that retention removed after the backup; null if no retention was requested, or if it failed.
    /// </summary>
    public PruneReport? Pruned { get; init; }

    /// <summary>
    /// Why retention failed. The backup exists nevertheless, and the next prune continues. Null if it did not fail.
    /// </summary>
    public BackupException? PruneFailure { get; init; }
}
