using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Core.Repository;

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
