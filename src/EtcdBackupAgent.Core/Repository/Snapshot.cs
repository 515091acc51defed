using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;

namespace EtcdBackupAgent.Core.Repository;

/// <summary>A snapshot that exists: its folder holds a manifest that can be read.</summary>
public sealed record Snapshot
{
    public required SnapshotFolder Folder { get; init; }

    public required SnapshotManifest Manifest { get; init; }

    /// <summary>Artifacts that the manifest names and that are not there, or not there with their size; empty if
    /// complete.</summary>
    public required IReadOnlyList<ArtifactManifest> Lacking { get; init; }

    /// <summary>The newest record of a deep verification of this very manifest; null if there is none that can be
    /// read.</summary>
    public VerificationRecord? Verification { get; init; }

    /// <summary>Why a newer record than <see cref="Verification"/> does not count; null if there is none.</summary>
    public BackupException? VerificationProblem { get; init; }

    /// <summary>When its manifest was stored, by the store's own clock; null where that is not known.</summary>
    public DateTimeOffset? StoredAt { get; init; }

    /// <summary>
    /// Whether it is dated in the future of the clock that was read with it (<see cref="ClockTolerance"/>). It can be
    /// restored like any other, and never counts as the newest.
    /// </summary>
    public bool IsFromFuture { get; init; }

    public SnapshotId Id => Folder.Id;

    /// <summary>Oldest first by date alone. Which is really the newest, <see cref="SnapshotHistory.Order"/>
    /// says.</summary>
    public static Comparer<Snapshot> ByTime { get; } = Comparer<Snapshot>.Create((a, b) =>
        (a.Manifest.StartedAt, a.Manifest.CompletedAt, a.Id.Value)
            .CompareTo((b.Manifest.StartedAt, b.Manifest.CompletedAt, b.Id.Value)));

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
    /// <summary>The snapshots that can be read, and what came from what.</summary>
    public required SnapshotHistory History { get; init; }

    /// <summary>Restore notes that cannot be read: damaged, or of a later format. They count for nothing.</summary>
    public IReadOnlyList<BackupException> UnreadableNotes { get; init; } = [];

    /// <summary>Oldest first (<see cref="SnapshotHistory.Order"/>).</summary>
    public IReadOnlyList<Snapshot> Snapshots => History.Snapshots;

    /// <summary>Those that are dated in the future.</summary>
    public IEnumerable<Snapshot> FromFuture => Snapshots.Where(s => s.IsFromFuture);

    /// <summary>Oldest first.</summary>
    public required IReadOnlyList<UnreadableSnapshot> Unreadable { get; init; }

    /// <summary>Folders without a manifest, with their objects: backups that did not come to their end, or are under
    /// way.</summary>
    public required IReadOnlyDictionary<SnapshotFolder, IReadOnlyList<StoredObject>> Unreferenced { get; init; }

    /// <summary>The one snapshot that a person means by an ID, the beginning of one, or <c>latest</c>.</summary>
    /// <exception cref="BackupException">As <see cref="BackupRepository.FindAsync"/>.</exception>
    public Snapshot Find(string idText, string address) => SnapshotChoice.Find(this, idText, address);

    /// <summary>
    /// The folders of all snapshots, oldest first; one whose manifest cannot be read stands before the first with a
    /// later date.
    /// </summary>
    public IEnumerable<SnapshotFolder> Folders
    {
        get
        {
            List<SnapshotFolder> folders = [.. Snapshots.Select(s => s.Folder)];
            foreach (SnapshotFolder unreadable in Unreadable.Select(s => s.Folder))
            {
                int later = folders.FindIndex(f => f.StartedAt > unreadable.StartedAt);
                folders.Insert(later < 0 ? folders.Count : later, unreadable);
            }

            return folders;
        }
    }
}
