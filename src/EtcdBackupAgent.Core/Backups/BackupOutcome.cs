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

    /// <summary>Where the repository is, for messages.</summary>
    public required string Address { get; init; }

    /// <summary>What is worth knowing and did not stop it: sockets that were skipped, a file that grew while it was read, no HashKV.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <summary>What the deep verification after it found; null if none was asked for, or if it could not be done.</summary>
    public DeepVerifyOutcome? Verified { get; init; }

    /// <summary>
    /// Why the backup, which exists, did not pass its deep verification: <see cref="FailureReason.DataDamaged"/>, or what kept it from
    /// being done or recorded. Nothing was pruned then. Null if it passed, or if none was asked for.
    /// </summary>
    public BackupException? VerifyFailure { get; init; }

    /// <summary>What retention removed after it; null if none was asked for, or if it failed.</summary>
    public PruneReport? Pruned { get; init; }

    /// <summary>Why retention failed; the backup exists all the same, and the next prune goes on. Null if it did not.</summary>
    public BackupException? PruneFailure { get; init; }
}
