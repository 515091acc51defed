using EtcdBackupAgent.Core.ChangeLog;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;

namespace EtcdBackupAgent.Core.Retention;

/// <summary>Removes segments of a policy's change log (<c>docs/spec/change-log.md</c>, "Pruning").</summary>
/// <remarks>
/// 1. Read the snapshots and the log.
/// 2. Plan which segments are removed (<see cref="LogPrunePlan"/>).
/// 3. Remove them.
/// </remarks>
public sealed class LogPruneRun(BackupRepository repository, TimeProvider time)
{
    /// <summary>Removes the segments of a policy that are too old or of no use.</summary>
    /// <param name="policy">The policy.</param>
    /// <param name="policyUid">Its UID; null if it has none.</param>
    /// <param name="keep">Segments that end before this time ago are removed.</param>
    /// <param name="cancellationToken">A cancelled call has removed the oldest segments only.</param>
    /// <returns>The number of segments that were removed.</returns>
    /// <exception cref="Failures.BackupException">With the store's reason.</exception>
    public async Task<int> ExecuteAsync(
        ResourceName policy, string? policyUid, TimeSpan keep, CancellationToken cancellationToken)
    {
        // 1
        Inventory inventory = await repository.TakeInventoryAsync(cancellationToken);
        LogInventory logs = await LogInventory.ReadAsync(repository.Store, cancellationToken);

        // 2
        LogPrunePlan plan = LogPrunePlan.Make(
            logs, inventory.Snapshots, policy, policyUid, LogPrunePlan.OldBefore(time.GetUtcNow(), keep));

        // 3
        await plan.RemoveAsync(repository.Store, cancellationToken);
        return plan.Segments.Count;
    }
}
