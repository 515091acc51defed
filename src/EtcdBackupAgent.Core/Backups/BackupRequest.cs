using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Retention;
using EtcdBackupAgent.Core.Verification;

namespace EtcdBackupAgent.Core.Backups;

/// <summary>What one backup is to contain, and what for.</summary>
public sealed record BackupRequest
{
    /// <summary>The policy whose snapshots it joins.</summary>
    public required ResourceName Policy { get; init; }

    public required BackupReason Reason { get; init; }

    /// <summary>Directory to back up beside the database; null for none.</summary>
    public string? CertsDirectory { get; init; }

    /// <summary>How often the member is asked for HashKV.</summary>
    public PolicyHashKv HashKv { get; init; } = PolicyHashKv.Daily;

    /// <summary>How many complete snapshots of this policy and cluster to keep afterwards; null to prune nothing.</summary>
    public int? RetainNumBackups { get; init; }

    /// <summary>Text that goes into the manifest as it is.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);
}

/// <summary>A backup that exists.</summary>
public sealed record BackupOutcome
{
    public required SnapshotFolder Folder { get; init; }

    public required SnapshotManifest Manifest { get; init; }

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
