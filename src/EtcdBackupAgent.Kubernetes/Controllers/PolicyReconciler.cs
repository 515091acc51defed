using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Kubernetes.Publishing;
using EtcdBackupAgent.Kubernetes.Reading;
using EtcdBackupAgent.Kubernetes.Workloads;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Kubernetes.Controllers;

/// <summary>
/// Keeps the CronJob of a policy, and the Deployment that writes its change log, as the policy specifies, creates the
/// Jobs of single backups, and reports what the pods of Jobs cannot report themselves.
/// </summary>
/// <remarks>
/// 1. Read the policy. If it does not exist, remove its CronJob and its Deployment; Jobs are removed with their owner,
///    records and snapshots stay.
/// 2. Remove the finalizer that kubedr or an older agent added: without a finalizer, a policy can be deleted without
///    the agent.
/// 3. Report Jobs that failed or do not start. This includes a policy that is not ready, since its CronJob continues.
/// 4. Read its location and Secrets. Report an error in the condition Ready, and leave an existing CronJob as it is.
/// 5. Watch the field that the policy names, and note its changes (<see cref="PolicyUpgrades"/>), even if the location
///    is not ready.
/// 6. Apply the Deployment of the change log and the CronJob; or remove the one that is not wanted, also if the worker
///    makes the backups itself.
/// 7. Start the one backup of a policy without a schedule, one backup for each new value of the annotation, and one for
///    each change of the field.
/// 8. Report in the status that the policy is ready.
/// </remarks>
internal sealed class PolicyReconciler(
    ConnectedCluster cluster,
    PolicyExecutionMode mode,
    EventRecorder events,
    ControllerOptions options,
    TimeProvider time,
    ILogger logger)
    : IReconciler
{
    /// <summary>The key of the one backup of a policy without a schedule.</summary>
    private const string OnlyBackup = "once";

    private readonly ClusterResourceStore _resources = new(cluster);
    private readonly StatusWriter _statuses = new(cluster.Client);
    private readonly FinalizerRemoval _finalizers = new(cluster.Client);
    private readonly AppliedWorkload _applied = new(cluster);
    private readonly PolicyJobs _jobs = new(cluster);
    private readonly PolicyJobReports _reports = new(cluster, events, options, time, logger);
    private readonly PolicyUpgrades _upgrades = new(cluster, mode, new PolicyJobs(cluster), events, time, logger);

    public ResourceKind Kind => ClusterKinds.Policy;

    /// <summary>Receives each policy in its current state.</summary>
    public required IPolicyObserver Observer { get; init; }

    public string? Fingerprint(JsonObject item) => null;

    public IReadOnlyList<RelatedKind> Related =>
    [
        new(
            ClusterKinds.BackupLocation,
            ResourceSelection.All,
            item => LocationFingerprint(new LocationObject(item)),
            Owner: null),
        new(
            ClusterKinds.Job,
            new ResourceSelection(Labels: $"{ClusterNames.TypeLabel}=backup"),
            item => JobState.Fingerprint(new JobObject(item)),
            job => ObjectMetadata.Label(job, ClusterNames.PolicyLabel)),
        new(
            ClusterKinds.CronJob,
            new ResourceSelection(Labels: $"{ClusterNames.TypeLabel}=backup"),
            job => $"{ObjectMetadata.Uid(job)} {ObjectMetadata.Generation(job)}",
            job => ObjectMetadata.Label(job, ClusterNames.PolicyLabel)),
        new(
            ClusterKinds.Deployment,
            new ResourceSelection(Labels: $"{ClusterNames.TypeLabel}=changelog"),
            deployment => $"{ObjectMetadata.Uid(deployment)} {ObjectMetadata.Generation(deployment)}",
            deployment => ObjectMetadata.Label(deployment, ClusterNames.PolicyLabel)),
    ];

    public Task WatchOthersAsync(Action<string> reconcile, CancellationToken cancellationToken) =>
        _upgrades.WatchAsync(reconcile, cancellationToken);

    public async Task<TimeSpan?> ReconcileAsync(string name, CancellationToken cancellationToken)
    {
        // 1
        PolicyObject? item = PolicyObject.Of(
            await cluster.Client.FindAsync(Kind, cluster.Namespace, name, cancellationToken));
        if (item is null || item.IsBeingDeleted)
        {
            await RemoveAsync(name, item, cancellationToken);
            return null;
        }

        // 2
        item = await RemoveFinalizerAsync(item, cancellationToken);

        // 3
        (item, TimeSpan? recheckAfter) = await _reports.ReportAsync(item, cancellationToken);

        // 4
        BoundPolicy bound = await _resources.BindAsync(item, cancellationToken);
        Observer.Seen(item, bound.Policy);
        if (bound.Policy is not { } policy)
        {
            await ReportNotReadyAsync(item, "Invalid", bound.Errors, cancellationToken);
            return Earlier(recheckAfter, options.Recheck);
        }

        // 5
        item = await _upgrades.NoteAsync(item, policy, cancellationToken);
        bound = bound with { Document = item };
        if (!bound.LocationDocument!.Status.Conditions.IsTrue(StatusConditions.Ready))
        {
            await ReportNotReadyAsync(
                item,
                "LocationNotReady",
                $"BackupLocation {policy.Destination.Name} is not ready; its status gives the reason.",
                cancellationToken);
            return recheckAfter;
        }

        try
        {
            // 6
            await ApplyChangeLogAsync(bound, policy, cancellationToken);
            if (!await ApplyCronJobAsync(bound, policy, cancellationToken))
            {
                await ReportNotExpressibleAsync(item, policy, cancellationToken);
                return recheckAfter;
            }

            // 7
            (item, bool isWaiting) = await StartBackupsAsync(bound, policy, cancellationToken);

            // 8
            await ReportReadyAsync(item, policy, cancellationToken);
            return isWaiting ? Earlier(recheckAfter, options.WorkerRecheck) : recheckAfter;
        }
        catch (ApiStatusException e) when (e.IsRefusal)
        {
            string message = $"The API server refuses what the policy needs: {e.Message.TrimEnd('.')}.";
            await ReportNotReadyAsync(item, "Refused", message, cancellationToken);
            if (e.IsInvalid)
            {
                // Every object that the CronJob and the Jobs are built from is watched.
                throw new TerminalFailure(e) { RecheckAfter = recheckAfter };
            }

            throw;
        }
    }

    /// <summary>Step 1.</summary>
    private async Task RemoveAsync(string name, PolicyObject? item, CancellationToken cancellationToken)
    {
        Observer.Gone(name);
        _upgrades.Forget(name);
        await _jobs.RemoveAllAsync(name, cancellationToken);
        if (item is not null)
        {
            await RemoveFinalizerAsync(item, cancellationToken);
        }
    }

    private static string LocationFingerprint(LocationObject location) =>
        $"{location.Uid} {location.Generation} {location.Status.Conditions.IsTrue(StatusConditions.Ready)} "
        + location.Status.PinText;

    private async Task<PolicyObject> RemoveFinalizerAsync(PolicyObject item, CancellationToken cancellationToken) =>
        new(await _finalizers.RemoveAsync(Kind, item.Json, ClusterNames.PolicyFinalizer, cancellationToken));

    private static TimeSpan Earlier(TimeSpan? one, TimeSpan other) => one < other ? one.Value : other;

    /// <returns>Whether a CronJob can express the policy's schedule. If not, an existing CronJob continues as
    /// before.</returns>
    private async Task<bool> ApplyCronJobAsync(
        BoundPolicy bound,
        BackupPolicy policy,
        CancellationToken cancellationToken)
    {
        string name = policy.Name.Name;
        if (mode.IsInProcess(policy) || policy.Schedule is null)
        {
            await _jobs.RemoveCronJobAsync(name, cancellationToken);
            return true;
        }

        if (CronJobSchedule.Convert(policy.Schedule) is not { } schedule)
        {
            return false;
        }

        CronJobTiming timing = new(schedule, bound.Document.TimeZone, policy.Suspend);
        await _applied.ApplyAsync(
            ClusterKinds.CronJob,
            WorkloadJob.CronJob(
                cluster.Namespace,
                bound.Document,
                timing,
                BackupPod.Labels(name),
                BackupPod.Template(bound, mode.Image, isScheduled: true)),
            cancellationToken);
        return true;
    }

    private async Task ApplyChangeLogAsync(
        BoundPolicy bound, BackupPolicy policy, CancellationToken cancellationToken)
    {
        string name = policy.Name.Name;
        if (policy.ChangeLog is null || policy.Suspend || mode.IsInProcess(policy))
        {
            await _jobs.RemoveChangeLogAsync(name, cancellationToken);
            return;
        }

        await _applied.ApplyAsync(
            ClusterKinds.Deployment,
            WorkloadJob.Deployment(
                cluster.Namespace,
                bound.Document,
                ClusterNames.ChangeLogOf(name),
                ChangeLogPod.Labels(name),
                ChangeLogPod.Template(bound, mode.Image)),
            cancellationToken);
    }

    /// <summary>Step 7.</summary>
    /// <returns>The resulting policy, and whether the worker has to be asked again.</returns>
    private async Task<(PolicyObject Item, bool IsWaiting)> StartBackupsAsync(
        BoundPolicy bound, BackupPolicy policy, CancellationToken cancellationToken)
    {
        (PolicyObject item, bool isRequestWaiting) = await BackUpOnDemandAsync(bound, policy, cancellationToken);
        (item, bool isUpgradeWaiting) = await _upgrades.BackUpAsync(
            bound with { Document = item }, policy, cancellationToken);
        return (item, isRequestWaiting || isUpgradeWaiting);
    }

    /// <summary>The value of the annotation is written to the status after the Job is created. A crash in between
    /// causes no second Job, since the Job's name is derived from the value.</summary>
    /// <returns>The resulting policy, and whether the worker has to be asked again.</returns>
    private async Task<(PolicyObject Item, bool IsWaiting)> BackUpOnDemandAsync(
        BoundPolicy bound, BackupPolicy policy, CancellationToken cancellationToken)
    {
        PolicyObject item = bound.Document;
        bool isInProcess = mode.IsInProcess(policy);
        if (!isInProcess && policy is { Schedule: null, Suspend: false } && item.Status.LastSuccessAt is null)
        {
            await CreateJobAsync(
                bound,
                OnlyBackup,
                BackupOccasion.OnDemand(note: null),
                "it has no schedule and no backup",
                cancellationToken);
        }

        if (item.BackupNow is not { Length: > 0 } requested || requested == item.Status.LastBackupNow)
        {
            return (item, false);
        }

        BackupOccasion occasion = BackupOccasion.OnDemand(BackupOccasion.NoteOf(requested));
        if (!isInProcess)
        {
            await CreateJobAsync(
                bound,
                $"now {requested}",
                occasion,
                $"the annotation is '{requested}'",
                cancellationToken);
        }
        else if (!mode.BackUpNow(policy.Name, occasion))
        {
            return (item, true);
        }

        item = await _statuses.ChangeAsync(item, status => status.SetBackupNow(requested), cancellationToken);
        return (item, false);
    }

    private async Task CreateJobAsync(
        BoundPolicy bound, string key, BackupOccasion occasion, string why, CancellationToken cancellationToken)
    {
        if (await _jobs.BackUpOnceAsync(bound, key, occasion, mode.Image, cancellationToken) is { } created)
        {
            logger.JobMade(created, bound.Name.Name, why);
        }
    }

    private Task<PolicyObject> ReportReadyAsync(
        PolicyObject item, BackupPolicy policy, CancellationToken cancellationToken)
    {
        (string reason, string message) = policy switch
        {
            { Suspend: true } => ("Suspended", "The schedule is suspended."),
            { Schedule: null } => ("OnDemand", "The policy has no schedule: it is backed up once, and on request."),
            _ when mode.IsInProcess(policy) => ("InProcess", $"The worker backs up on schedule '{policy.Schedule}'."),
            _ => (
                "Scheduled",
                $"CronJob {ClusterNames.CronJobOf(policy.Name.Name)} backs up on schedule '{policy.Schedule}'."),
        };
        return SetReadyAsync(item, isReady: true, reason, message, cancellationToken);
    }

    private Task ReportNotExpressibleAsync(
        PolicyObject item, BackupPolicy policy, CancellationToken cancellationToken) => ReportNotReadyAsync(
            item,
            "ScheduleNotExpressible",
            $"A CronJob cannot express the schedule '{policy.Schedule}': an interval must divide an hour or a day. "
            + "Write a cron schedule, or options: {execution: InProcess}.",
            cancellationToken);

    private async Task ReportNotReadyAsync(
        PolicyObject item, string reason, string message, CancellationToken cancellationToken)
    {
        bool isNew = item.Status.Conditions.Message(StatusConditions.Ready) != message;
        PolicyObject written = await SetReadyAsync(item, isReady: false, reason, message, cancellationToken);
        if (isNew && reason != "LocationNotReady")
        {
            await events.RecordAsync(Kind, written, EventType.Warning, reason, message, cancellationToken);
        }
    }

    private Task<PolicyObject> SetReadyAsync(
        PolicyObject item, bool isReady, string reason, string message, CancellationToken cancellationToken) =>
        _statuses.ChangeAsync(
            item,
            status => status.SetReady(isReady, reason, message, item.Generation, time.GetUtcNow()),
            cancellationToken);
}
