using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Core.Repository;

/// <summary>A snapshot that exists: its folder holds a manifest that can be read.</summary>
public sealed record Snapshot
{
    public required SnapshotFolder Folder { get; init; }

    public required SnapshotManifest Manifest { get; init; }

    /// <summary>Artifacts that the manifest names and that are not there, or not there with their size; empty if complete.</summary>
    public required IReadOnlyList<ArtifactManifest> Lacking { get; init; }

    /// <summary>The newest record of a deep verification of this very manifest; null if there is none that can be read.</summary>
    public VerificationRecord? Verification { get; init; }

    /// <summary>Why a newer record than <see cref="Verification"/> does not count; null if there is none.</summary>
    public BackupException? VerificationProblem { get; init; }

    public SnapshotId Id => Folder.Id;

    /// <summary>Oldest first, to the fraction of a second that the manifest knows.</summary>
    public static Comparer<Snapshot> ByTime { get; } = Comparer<Snapshot>.Create((a, b) =>
        (a.Manifest.StartedAt, a.Id.Value).CompareTo((b.Manifest.StartedAt, b.Id.Value)));

    /// <summary>Whether every artifact is there with its size. That its bytes are right is for verify to say.</summary>
    public bool IsComplete => Lacking.Count == 0;

    /// <summary>Whether the last deep verification found something wrong.</summary>
    public bool IsDamaged => Verification?.Result == VerificationResult.Damaged;

    /// <summary>Whether the last deep verification found nothing wrong, and nothing has been lost since.</summary>
    public bool IsProved => IsComplete && Verification?.Result == VerificationResult.Sound;

    /// <summary>Whether it can be relied on as far as is known: it is complete, and not known to be damaged.</summary>
    public bool IsGood => IsComplete && !IsDamaged;
}

/// <summary>A folder whose manifest is there but cannot be read. It is shown, and never collected.</summary>
public sealed record UnreadableSnapshot
{
    public required SnapshotFolder Folder { get; init; }

    /// <summary>Why: damaged, or of a later format.</summary>
    public required BackupException Problem { get; init; }
}

/// <summary>Everything in the snapshots' part of a repository, at one moment.</summary>
public sealed record Inventory
{
    /// <summary>Oldest first.</summary>
    public required IReadOnlyList<Snapshot> Snapshots { get; init; }

    /// <summary>Oldest first.</summary>
    public required IReadOnlyList<UnreadableSnapshot> Unreadable { get; init; }

    /// <summary>Folders without a manifest, with their objects: backups that did not come to their end, or are under way.</summary>
    public required IReadOnlyDictionary<SnapshotFolder, IReadOnlyList<StoredObject>> Unreferenced { get; init; }

    /// <summary>The folders of all snapshots, readable or not, oldest first.</summary>
    public IEnumerable<SnapshotFolder> Folders =>
        Snapshots.Select(s => s.Folder)
            .Concat(Unreadable.Select(s => s.Folder))
            .OrderBy(f => f.ToString(), StringComparer.Ordinal);
}
