using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Objects.Kinds;
using EtcdBackupAgent.Objects.Querying;

namespace EtcdBackupAgent.Objects.Restoring;

/// <summary>Restores objects of a snapshot into a running cluster: first a plan, then the writes.</summary>
/// <remarks>
/// The plan, which writes nothing:
/// 1. Prepare the objects, without the cluster (<see cref="RestorePreparation"/>): select, add what they need, leave
///    out what a cluster makes itself, strip, map namespaces, apply the user's changes, order.
/// 2. Discover what the cluster serves.
/// 3. Plan each object by the state of the cluster (<see cref="RestorePlanner"/>): create, update with the changes,
///    replace, skip or cannot, with the reason. The cluster checks each write by a dry run.
/// The writes:
/// 4. Write in the order of the plan, and try again at the end what was refused (<see cref="RestoreExecution"/>).
/// 5. Report every object.
/// A restore that is stopped can be started again: what it has written is equal by then, and is skipped.
/// </remarks>
/// <param name="target">The cluster.</param>
/// <param name="time">The clock.</param>
public sealed class ObjectRestore(IObjectTarget target, TimeProvider time)
{
    /// <summary>Makes the plan.</summary>
    /// <param name="space">The objects of the snapshot, read with managed fields and with the values of Secrets.
    /// </param>
    /// <param name="request">What is restored.</param>
    /// <param name="cancellationToken">A cancelled plan has changed nothing.</param>
    /// <exception cref="BackupException">The database is damaged; or the cluster cannot be reached.</exception>
    public async Task<ObjectRestorePlan> PlanAsync(
        ObjectSpace space, ObjectRestoreRequest request, CancellationToken cancellationToken)
    {
        // 1
        IReadOnlyList<RestoreItem> items = new RestorePreparation(space, request).Execute(cancellationToken);

        // 2
        ServedResources served = await target.DiscoverAsync(cancellationToken);

        // 3
        RestorePlanner planner = new(target, request, served);
        List<PlannedObject> planned = new(items.Count);
        foreach (RestoreItem item in items)
        {
            planned.Add(await planner.PlanAsync(item, cancellationToken));
        }

        return new ObjectRestorePlan(planned, served.Unlisted);
    }

    /// <summary>Carries a plan out.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="progress">Receives how far it is, after each write; null for none.</param>
    /// <param name="cancellationToken">A cancelled restore leaves what it has written.</param>
    /// <exception cref="BackupException">The cluster cannot be reached any more. The restore can be started again.
    /// </exception>
    public Task<ObjectRestoreReport> ExecuteAsync(
        ObjectRestorePlan plan, IProgress<RestoreProgress>? progress, CancellationToken cancellationToken) =>

        // 4, 5
        new RestoreExecution(target, plan, time, progress).ExecuteAsync(cancellationToken);
}
