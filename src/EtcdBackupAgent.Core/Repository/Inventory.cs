using EtcdBackupAgent.Core.Chains;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Statements;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Core.Repository;

/// <summary>The snapshots of a repository and their history, at one moment.</summary>
public sealed record Inventory
{
    /// <summary>The readable snapshots and their history.</summary>
    public required SnapshotHistory History { get; init; }

    /// <summary>Restore notes that cannot be read: damaged, or of a later format. They are ignored.</summary>
    public IReadOnlyList<BackupException> UnreadableNotes { get; init; } = [];

    /// <summary>
    /// What is missing, and which documents do not count, a sentence for each; only of signed documents and statements.
    /// </summary>
    public IReadOnlyList<string> Findings { get; init; } = [];

    /// <summary>The chains of signed snapshots.</summary>
    internal IReadOnlyList<Chain> Chains { get; init; } = [];

    /// <summary>What statements say.</summary>
    internal StatedFacts Stated { get; init; } = StatedFacts.None;

    /// <summary>The readable snapshots, oldest first (<see cref="SnapshotHistory.Order"/>).</summary>
    public IReadOnlyList<Snapshot> Snapshots => History.Snapshots;

    /// <summary>The snapshots that are dated in the future.</summary>
    public IEnumerable<Snapshot> FromFuture => Snapshots.Where(s => s.IsFromFuture);

    /// <summary>The snapshots whose manifest cannot be read, oldest first.</summary>
    public required IReadOnlyList<UnreadableSnapshot> Unreadable { get; init; }

    /// <summary>
    /// The folders without a manifest, with their objects: backups that did not complete or are still running.
    /// </summary>
    public required IReadOnlyDictionary<SnapshotFolder, IReadOnlyList<StoredObject>> Unreferenced { get; init; }

    /// <summary>Finds the one snapshot that an ID, the start of one, a name, or <c>latest</c> identifies.</summary>
    /// <exception cref="BackupException">As <see cref="BackupRepository.FindAsync"/>.</exception>
    public Snapshot Find(string idText, string address) => SnapshotChoice.Find(this, idText, address);

    /// <summary>
    /// The folders of all snapshots, oldest first. A folder whose manifest cannot be read comes before the first one
    /// with a later date.
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
