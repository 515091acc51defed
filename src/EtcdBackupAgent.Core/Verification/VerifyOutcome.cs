using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Core.Verification;

/// <summary>The result of the verification of one snapshot.</summary>
public sealed record VerifyOutcome
{
    /// <summary>The reason of a snapshot that could not be opened.</summary>
    internal const string NoKey = "it is encrypted, and no key was given";

    /// <summary>The folder of the snapshot.</summary>
    public required SnapshotFolder Folder { get; init; }

    /// <summary>The manifest; null if it cannot be read.</summary>
    public required SnapshotManifest? Manifest { get; init; }

    /// <summary>All faults that were found; empty if the snapshot is sound.</summary>
    public required IReadOnlyList<BackupException> Problems { get; init; }

    /// <summary>
    /// Artifacts whose content could not be checked, because it is encrypted and no key was given; their stored bytes
    /// are correct.
    /// </summary>
    public IReadOnlyList<ArtifactManifest> NotOpened { get; init; } = [];

    /// <summary>
    /// Why an incremental snapshot was not merged with its base, so that it is not known whether both belong together;
    /// null if it was merged, and for a full snapshot.
    /// </summary>
    public string? NotMergedReason { get; init; }

    /// <summary>Whether no check failed.</summary>
    public bool IsSound => Problems.Count == 0;
}
