using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Locks;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Core.Retention;

/// <summary>A lock that was extended.</summary>
/// <param name="Snapshot">The snapshot.</param>
/// <param name="Before">Its previous lock; null if there was none.</param>
/// <param name="After">Its lock, which the base and the repository's keys have at least as long.</param>
public sealed record LockExtension(Snapshot Snapshot, ObjectLock? Before, ObjectLock After);

/// <summary>
/// Extends the lock of a snapshot, for a cluster that makes no new ones. Only a snapshot whose last deep verification
/// found it sound is worth that.
/// </summary>
/// <remarks>
/// 1. Find out how long objects are locked.
/// 2. Choose the snapshot: the given one, or the newest proved one of the policy.
/// 3. Extend the locks of the keys, of the base, of the artifacts, and last of the manifest.
/// </remarks>
public sealed class LockExtendRun(BackupRepository repository)
{
    /// <param name="idText">An ID, its start, or a name; null for the newest proved snapshot.</param>
    /// <param name="policy">The policy of the newest one; null for any.</param>
    /// <param name="cancellationToken">A cancelled call has extended some of the locks; it can be repeated.</param>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.Refused"/> if the snapshot is not proved, <see cref="FailureReason.SnapshotNotFound"/>,
    /// <see cref="FailureReason.InvalidInput"/> if nothing says how long, or the store's reason.
    /// </exception>
    public async Task<LockExtension> ExecuteAsync(
        string? idText, ResourceName? policy, CancellationToken cancellationToken)
    {
        // 1
        LockedObjectStore store = repository.Store as LockedObjectStore ?? throw new BackupException(
            FailureReason.InvalidInput, $"Objects in {repository.Store.Address} cannot be locked.")
        {
            Hint = "Only a bucket with Object Lock can lock objects.",
        };
        LockRule rule = await store.FindRuleAsync(cancellationToken) ?? throw new BackupException(
            FailureReason.InvalidInput,
            $"It is not known how long to lock: neither the bucket of {store.Address} nor an option says so.")
        {
            Settings = [Setting.ObjectLock],
        };

        // 2
        Inventory inventory = await repository.TakeInventoryAsync(cancellationToken);
        Snapshot chosen = Choose(inventory, idText, policy);

        // 3
        ObjectLock after = rule.From(repository.Time.GetUtcNow()).With(chosen.Lock);
        await store.ExtendAsync(chosen.Folder, chosen.Manifest, after, cancellationToken);
        return new LockExtension(chosen, chosen.Lock, after);
    }

    private Snapshot Choose(Inventory inventory, string? idText, ResourceName? policy)
    {
        if (idText is null)
        {
            return inventory.Snapshots.LastOrDefault(s =>
                    s is { IsProved: true, IsFromFuture: false } && (policy is null || s.Manifest.Policy == policy))
                ?? throw new BackupException(
                    FailureReason.SnapshotNotFound,
                    "No lock was extended: no complete snapshot"
                    + $"{(policy is null ? "" : $" of policy {policy}")} in {repository.Store.Address} was verified "
                    + "deeply and found sound.")
                {
                    Hint = "Verify one with 'verify --deep', then repeat this.",
                };
        }

        Snapshot chosen = inventory.Find(idText, repository.Store.Address);
        return chosen.IsProved ? chosen : throw new BackupException(
            FailureReason.Refused,
            $"The lock of snapshot {chosen.Id} was not extended: its last deep verification "
            + (chosen.Verification is null ? "is missing." : "did not find it sound and complete."))
        {
            Hint = "Verify it with 'verify --deep', then repeat this.",
        };
    }
}
