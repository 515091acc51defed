using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Kubernetes.Publishing;
using EtcdBackupAgent.Kubernetes.Reading;
using EtcdBackupAgent.Kubernetes.Upgrades;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Kubernetes.Controllers;

/// <summary>Makes a backup of the state before each change of the field that a policy watches.</summary>
/// <remarks>
/// 1. Watch the field that the policy names. If it names none, remove what the status has about one.
/// 2. Compare what was seen with the status, and write the changes to it, before their backups are started: a crash
///    must not lose the value before. A field that cannot be read is reported, and makes no backup.
/// 3. Start one backup for each change, also if the schedule is suspended: a Job, or in this process.
/// 4. Remove the change from the status, and report it. A crash before this causes no second Job, since the Job's name
///    is derived from the change.
/// </remarks>
internal sealed class PolicyUpgrades(
    ConnectedCluster cluster,
    PolicyExecutionMode mode,
    PolicyJobs jobs,
    EventRecorder events,
    TimeProvider time,
    ILogger logger)
{
    private readonly StatusWriter _statuses = new(cluster.Client);
    private readonly UpgradeWatches _watches = new(cluster, time, logger);

    /// <summary>Watches until it is cancelled.</summary>
    /// <param name="reconcile">Called with the name of a policy for which something was seen.</param>
    /// <param name="cancellationToken">Ends the watches.</param>
    public Task WatchAsync(Action<string> reconcile, CancellationToken cancellationToken) =>
        _watches.RunAsync(reconcile, cancellationToken);

    /// <summary>Stops the watch of a policy that does not exist any more.</summary>
    public void Forget(string policy) => _watches.Follow(policy, uid: "", field: null);

    /// <summary>Steps 1 and 2.</summary>
    /// <returns>The resulting policy.</returns>
    public async Task<PolicyObject> NoteAsync(
        PolicyObject item, BackupPolicy policy, CancellationToken cancellationToken)
    {
        // 1
        if (_watches.Follow(item.Name, item.Uid, policy.BeforeUpgrade) is not { } watch)
        {
            return item.Status.HasUpgrade
                ? await _statuses.ChangeAsync(item, status => status.RemoveUpgrade(), cancellationToken)
                : item;
        }

        // 2
        (IReadOnlyList<UpgradeSighting> seen, UpgradeProblem? problem) = watch.Report();
        if (seen.Count == 0 && problem is null)
        {
            // The first list has not arrived yet.
            return item;
        }

        bool isNewProblem = problem is not null
            && item.Status.Conditions.Message(StatusConditions.UpgradeWatched) != problem.Message;
        PolicyObject written = await _statuses.ChangeAsync(
            item, status => Note(status, watch, seen, problem, item.Generation), cancellationToken);
        watch.Forget(seen);
        if (isNewProblem)
        {
            await events.RecordAsync(
                ClusterKinds.Policy,
                written,
                EventType.Warning,
                problem!.Reason,
                problem.Message,
                cancellationToken);
        }

        return written;
    }

    /// <summary>Steps 3 and 4.</summary>
    /// <returns>The resulting policy, and whether the worker has to be asked again.</returns>
    public async Task<(PolicyObject Item, bool IsWaiting)> BackUpAsync(
        BoundPolicy bound, BackupPolicy policy, CancellationToken cancellationToken)
    {
        PolicyObject item = bound.Document;
        if (policy.BeforeUpgrade is not { } watched)
        {
            return (item, false);
        }

        foreach (UpgradeChange change in item.Status.BeforeUpgrade?.Pending ?? [])
        {
            // 3
            BackupOccasion occasion = UpgradeOccasion.Of(watched, change);
            if (!mode.IsInProcess(policy))
            {
                string key = $"before-upgrade {change.ResourceVersion}";
                if (await jobs.BackUpOnceAsync(bound, key, occasion, mode.Image, cancellationToken) is { } created)
                {
                    logger.JobMade(created, bound.Name.Name, UpgradeOccasion.Describe(watched, change));
                }
            }
            else if (!mode.BackUpNow(policy.Name, occasion))
            {
                return (item, true);
            }

            // 4
            item = await _statuses.ChangeAsync(
                item,
                status =>
                {
                    if (status.BeforeUpgrade is { } state)
                    {
                        status.SetUpgrade(state.Without(change));
                    }
                },
                cancellationToken);
            await events.RecordAsync(
                ClusterKinds.Policy,
                item,
                EventType.Normal,
                "BeforeUpgrade",
                $"A backup is made {UpgradeOccasion.Describe(watched, change)}; its restore point is revision "
                + $"{change.RevisionBefore}.",
                cancellationToken);
        }

        return (item, false);
    }

    private void Note(
        PolicyStatus status,
        UpgradeWatch watch,
        IReadOnlyList<UpgradeSighting> seen,
        UpgradeProblem? problem,
        long generation)
    {
        UpgradeState? state = status.BeforeUpgrade;
        foreach (UpgradeSighting sighting in seen)
        {
            state = UpgradeState.After(state, watch.Watched, sighting);
        }

        if (state is not null && state.Watched == watch.Watched)
        {
            status.SetUpgrade(state);
        }

        status.Conditions.Set(
            StatusConditions.UpgradeWatched,
            isTrue: problem is null,
            problem?.Reason ?? "Watching",
            problem?.Message ?? $"{watch.Field} is {state?.Value}. A change of it makes a backup of the state before.",
            generation,
            time.GetUtcNow());
    }
}
