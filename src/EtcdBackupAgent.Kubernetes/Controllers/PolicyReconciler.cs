using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Kubernetes.Publishing;
using EtcdBackupAgent.Kubernetes.Reading;
using EtcdBackupAgent.Kubernetes.Workloads;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Kubernetes.Controllers;

/// <summary>Keeps the CronJob of a policy as the policy says, makes the Jobs of single backups, and reports what the
/// pods of Jobs cannot report themselves.</summary>
/// <remarks>
/// 1. Read the policy. Where it is gone its CronJob is removed; Jobs go with their owner, records and snapshots stay.
/// 2. Remove the finalizer that kubedr or an older agent gave it: it has none, so that it can be deleted without us.
/// 3. Report Jobs that failed, or do not start, also of a policy that is not ready: its CronJob goes on.
/// 4. Read its location and Secrets. What is wrong stands in the condition Ready; a CronJob that is there stays as it
/// was.
/// 5. Keep the CronJob; or none, where there is no schedule, or the worker makes the backups itself.
/// 6. Make the one backup of a policy without a schedule, and one for each new value of the annotation.
/// 7. Say in the status that all is well.
/// </remarks>
internal sealed class PolicyReconciler(
    ConnectedCluster cluster, PolicyExecutionMode mode, EventRecorder events, ControllerOptions options, TimeProvider time, ILogger logger)
    : IReconciler
{
    /// <summary>The key of the one backup of a policy without a schedule.</summary>
    private const string OnlyBackup = "once";

    private readonly ClusterResourceStore _resources = new(cluster);
    private readonly StatusWriter _statuses = new(cluster.Client);
    private readonly FinalizerRemoval _finalizers = new(cluster.Client);
    private readonly AppliedCronJob _cronJob = new(cluster);
    private readonly PolicyJobs _jobs = new(cluster);
    private readonly PolicyJobReports _reports = new(cluster, events, options, time, logger);

    public ResourceKind Kind => ClusterKinds.Policy;

    /// <summary>Told of each policy as it is.</summary>
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
    ];

    public async Task<TimeSpan?> ReconcileAsync(string name, CancellationToken cancellationToken)
    {
        // 1
        PolicyObject? item = PolicyObject.Of(
            await cluster.Client.FindAsync(Kind, cluster.Namespace, name, cancellationToken));
        if (item is null || item.IsBeingDeleted)
        {
            Observer.Gone(name);
            await _jobs.RemoveCronJobAsync(name, cancellationToken);
            if (item is not null)
            {
                await ReleaseAsync(item, cancellationToken);
            }

            return null;
        }

        // 2
        item = await ReleaseAsync(item, cancellationToken);

        // 3
        (item, TimeSpan? lookAgain) = await _reports.ReportAsync(item, cancellationToken);

        // 4
        BoundPolicy bound = await _resources.BindAsync(item, cancellationToken);
        Observer.Seen(item, bound.Policy);
        if (bound.Policy is not { } policy)
        {
            await NotReadyAsync(item, "Invalid", bound.Errors, cancellationToken);
            return Sooner(lookAgain, options.Recheck);
        }

        if (!bound.LocationDocument!.Status.Conditions.Holds(StatusConditions.Ready))
        {
            await NotReadyAsync(
                item, "LocationNotReady", $"BackupLocation {policy.Destination.Name} is not ready; its status says why.", cancellationToken);
            return lookAgain;
        }

        try
        {
            // 5
            if (!await KeepCronJobAsync(bound, policy, cancellationToken))
            {
                await NotExpressibleAsync(item, policy, cancellationToken);
                return lookAgain;
            }

            // 6
            (item, bool isWaiting) = await BackUpOnDemandAsync(bound, policy, cancellationToken);

            // 7
            await ReadyAsync(item, policy, cancellationToken);
            return isWaiting ? Sooner(lookAgain, options.WorkerRecheck) : lookAgain;
        }
        catch (ApiStatusException e) when (e.IsRefusal)
        {
            string message = $"The API server refuses what the policy needs: {e.Message.TrimEnd('.')}.";
            await NotReadyAsync(item, "Refused", message, cancellationToken);
            if (e.IsInvalid)
            {
                // All that the CronJob and the Jobs are made from is watched.
                throw new TerminalFailure(e) { LookAgain = lookAgain };
            }

            throw;
        }
    }

    private static string LocationFingerprint(LocationObject location) =>
        $"{location.Uid} {location.Generation} {location.Status.Conditions.Holds(StatusConditions.Ready)} "
        + location.Status.PinText;

    private async Task<PolicyObject> ReleaseAsync(PolicyObject item, CancellationToken cancellationToken) => new(
        await _finalizers.RemoveAsync(Kind, item.Json, ClusterNames.PolicyFinalizer, cancellationToken));

    private static TimeSpan Sooner(TimeSpan? one, TimeSpan other) => one < other ? one.Value : other;

    /// <returns>Whether a CronJob can do what the policy says; if not, the one that is there goes on as
    /// before.</returns>
    private async Task<bool> KeepCronJobAsync(BoundPolicy bound, BackupPolicy policy, CancellationToken cancellationToken)
    {
        string name = policy.Name.Name;
        if (mode.IsInProcess(policy) || policy.Schedule is null)
        {
            await _jobs.RemoveCronJobAsync(name, cancellationToken);
            return true;
        }

        if (CronJobSchedule.Express(policy.Schedule) is not { } schedule)
        {
            return false;
        }

        CronJobTiming timing = new(schedule, bound.Document.TimeZone, policy.Suspend);
        await _cronJob.ApplyAsync(
            WorkloadJob.CronJob(
                cluster.Namespace,
                bound.Document,
                timing,
                BackupPod.Labels(name),
                BackupPod.Template(bound, mode.Image, isScheduled: true)),
            cancellationToken);
        return true;
    }

    /// <summary>The value of the annotation is noted after the Job is made: a crash between makes no second one,
    /// since the Job's name comes from the value.</summary>
    /// <returns>The policy as it is then, and whether the worker has to be asked again.</returns>
    private async Task<(PolicyObject Item, bool IsWaiting)> BackUpOnDemandAsync(
        BoundPolicy bound, BackupPolicy policy, CancellationToken cancellationToken)
    {
        PolicyObject item = bound.Document;
        bool isInProcess = mode.IsInProcess(policy);
        if (!isInProcess && policy is { Schedule: null, Suspend: false } && item.Status.LastSuccessAt is null)
        {
            await MakeJobAsync(bound, OnlyBackup, "it has no schedule and no backup", cancellationToken);
        }

        if (item.BackupNow is not { Length: > 0 } asked || asked == item.Status.LastBackupNow)
        {
            return (item, false);
        }

        if (!isInProcess)
        {
            await MakeJobAsync(bound, $"now {asked}", $"the annotation is '{asked}'", cancellationToken);
        }
        else if (!mode.BackUpNow(policy.Name))
        {
            return (item, true);
        }

        item = await _statuses.ChangeAsync(item, status => status.SetBackupNow(asked), cancellationToken);
        return (item, false);
    }

    private async Task MakeJobAsync(BoundPolicy bound, string key, string why, CancellationToken cancellationToken)
    {
        if (await _jobs.BackUpOnceAsync(bound, key, mode.Image, cancellationToken) is { } made)
        {
            logger.JobMade(made, bound.Name.Name, why);
        }
    }

    private Task<PolicyObject> ReadyAsync(
        PolicyObject item, BackupPolicy policy, CancellationToken cancellationToken)
    {
        (string reason, string message) = policy switch
        {
            { Suspend: true } => ("Suspended", "The schedule is suspended."),
            { Schedule: null } => ("OnDemand", "There is no schedule: it is backed up once, and when asked."),
            _ when mode.IsInProcess(policy) => ("InProcess", $"The worker backs up on schedule '{policy.Schedule}'."),
            _ => ("Scheduled", $"CronJob {ClusterNames.CronJobOf(policy.Name.Name)} backs up on schedule '{policy.Schedule}'."),
        };
        return SetReadyAsync(item, holds: true, reason, message, cancellationToken);
    }

    private Task NotExpressibleAsync(
        PolicyObject item, BackupPolicy policy, CancellationToken cancellationToken) => NotReadyAsync(
            item,
            "ScheduleNotExpressible",
            $"'{policy.Schedule}' is no schedule that a CronJob can keep: an interval must divide an hour or a day. "
            + "Write a cron schedule, or options: {execution: InProcess}.",
            cancellationToken);

    private async Task NotReadyAsync(
        PolicyObject item, string reason, string message, CancellationToken cancellationToken)
    {
        bool isNews = item.Status.Conditions.Message(StatusConditions.Ready) != message;
        PolicyObject written = await SetReadyAsync(item, holds: false, reason, message, cancellationToken);
        if (isNews && reason != "LocationNotReady")
        {
            await events.RecordAsync(Kind, written, EventType.Warning, reason, message, cancellationToken);
        }
    }

    private Task<PolicyObject> SetReadyAsync(
        PolicyObject item, bool holds, string reason, string message, CancellationToken cancellationToken) =>
        _statuses.ChangeAsync(
            item,
            status => status.SetReady(holds, reason, message, item.Generation, time.GetUtcNow()),
            cancellationToken);
}
