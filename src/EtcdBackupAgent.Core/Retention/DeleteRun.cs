using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Repository;

namespace EtcdBackupAgent.Core.Retention;

/// <summary>
/// Removes one snapshot that somebody named, also one whose manifest cannot be read. Whether they meant it was asked before.
/// </summary>
public sealed class DeleteRun(BackupRepository repository)
{
    /// <param name="idText">A snapshot ID, the beginning of one, or <c>latest</c>.</param>
    /// <param name="cancellationToken">Ends it; objects that remain have no manifest any more.</param>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.SnapshotNotFound"/>, <see cref="FailureReason.SnapshotAmbiguous"/>, or what the store says.
    /// </exception>
    public async Task<SnapshotFolder> ExecuteAsync(string idText, CancellationToken cancellationToken)
    {
        Inventory inventory = await repository.TakeInventoryAsync(cancellationToken);
        SnapshotFolder folder = SnapshotChoice.FindFolder(inventory, idText, repository.Store.Address);
        await repository.RemoveAsync(folder, cancellationToken);
        return folder;
    }
}
