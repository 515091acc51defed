using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Repository;

namespace EtcdBackupAgent.Core.Retention;

/// <summary>
/// Removes one snapshot that the user chose, even if its manifest cannot be read. The caller has asked for
/// confirmation.
/// </summary>
public sealed class DeleteRun(BackupRepository repository)
{
    /// <param name="idText">A snapshot ID, the start of one, or <c>latest</c>.</param>
    /// <param name="cancellationToken">
    /// A cancelled call may leave objects behind, which have no manifest any more.
    /// </param>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.SnapshotNotFound"/>, <see cref="FailureReason.SnapshotAmbiguous"/>, or the store's
    /// reason.
    /// </exception>
    public async Task<SnapshotFolder> ExecuteAsync(string idText, CancellationToken cancellationToken)
    {
        Inventory inventory = await repository.TakeInventoryAsync(cancellationToken);
        SnapshotFolder folder = SnapshotChoice.FindFolder(inventory, idText, repository.Store.Address);
        await repository.RemoveAsync(folder, cancellationToken);
        return folder;
    }
}
