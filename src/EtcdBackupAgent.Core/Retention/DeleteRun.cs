using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Repository;

namespace EtcdBackupAgent.Core.Retention;

/// <summary>
/// Removes one snapshot that the user chose, even if its manifest cannot be read. The caller has asked for
/// confirmation.
/// </summary>
/// <remarks>
/// 1. Find the snapshot, and the incremental snapshots that stand on it.
/// 2. Refuse to remove a base under them, unless they are removed with it; and refuse to remove one that is held or
///    locked.
/// 3. In a repository with signers, state that they are removed. Remove the incremental ones first, so that a crash
///    never leaves one without its base.
/// </remarks>
public sealed class DeleteRun(BackupRepository repository, string agentVersion)
{
    private readonly Retirement _retirement = new(repository, agentVersion);

    /// <summary>Whether the incremental snapshots that stand on the chosen one are removed with it.</summary>
    public bool WithDependents { get; init; }

    /// <param name="idText">A snapshot ID, the start of one, or <c>latest</c>.</param>
    /// <param name="cancellationToken">
    /// A cancelled call may leave objects behind, which have no manifest any more.
    /// </param>
    /// <returns>The removed snapshots; the chosen one is the last.</returns>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.SnapshotNotFound"/>, <see cref="FailureReason.SnapshotAmbiguous"/>,
    /// <see cref="FailureReason.Refused"/> if incremental snapshots stand on it,
    /// <see cref="FailureReason.ObjectLocked"/>, or the store's reason.
    /// </exception>
    public async Task<IReadOnlyList<SnapshotFolder>> ExecuteAsync(string idText, CancellationToken cancellationToken)
    {
        // 1. the snapshots
        _retirement.RequireKey();
        Inventory inventory = await repository.TakeInventoryAsync(cancellationToken);
        SnapshotFolder folder = SnapshotChoice.FindFolder(inventory, idText, repository.Store.Address);
        SnapshotFolder[] dependents =
        [
            .. inventory.Snapshots
                .Where(snapshot => snapshot.Manifest.Base?.Id == folder.Id)
                .Select(snapshot => snapshot.Folder),
        ];

        // 2. the refusal
        if (dependents.Length > 0 && !WithDependents)
        {
            throw new BackupException(
                FailureReason.Refused,
                $"Snapshot {folder.Id} was not removed: the incremental snapshots "
                + $"{string.Join(", ", dependents.Select(dependent => dependent.Id))} stand on it and would be lost.")
            {
                Hint = "Remove them first, or remove them together with their base.",
                Settings = [Setting.Dependents],
            };
        }

        RequireReleased(inventory, [.. dependents, folder]);
        foreach (Snapshot one in inventory.Snapshots.Where(s => s.Folder == folder || dependents.Contains(s.Folder)))
        {
            RequireUnlocked(one, folder.Id);
        }

        // 3. the removal
        await _retirement.StateAsync(
            inventory.Snapshots.Where(s => s.Folder == folder || dependents.Contains(s.Folder)),
            "delete",
            cancellationToken);
        foreach (SnapshotFolder dependent in dependents)
        {
            await repository.RemoveAsync(dependent, cancellationToken);
        }

        await repository.RemoveAsync(folder, cancellationToken);
        return [.. dependents, folder];
    }

    private static void RequireReleased(Inventory inventory, SnapshotFolder[] removed)
    {
        if (inventory.Snapshots.FirstOrDefault(s => s.Hold is not null && removed.Contains(s.Folder)) is { } held)
        {
            throw new BackupException(
                FailureReason.Refused,
                $"Snapshot {held.Id} was not removed: it is held since {held.Hold!.MadeAt.UtcDateTime:yyyy-MM-dd} "
                + $"({held.Hold.Reason}).")
            {
                Hint = "'etcd-backup-agent release' ends the hold.",
            };
        }
    }

    private void RequireUnlocked(Snapshot one, SnapshotId chosen)
    {
        if (one.IsLockedAt(repository.Time.GetUtcNow()))
        {
            string which = one.Id == chosen ? "it" : $"{one.Id}, which stands on it,";
            throw new BackupException(
                FailureReason.ObjectLocked,
                $"Snapshot {chosen} was not removed: {which} is locked until {one.Lock}, with "
                + $"{one.Manifest.StoredBytes} bytes.")
            {
                Hint = "Remove it after that date. Until then nothing but the administrator of the store can.",
            };
        }
    }
}
