using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Kubernetes.Publishing;
using EtcdBackupAgent.Kubernetes.Workloads;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Kubernetes.Controllers;

/// <summary>Reports in the status of a policy, and in an event, what the pods of its Jobs cannot report themselves:
/// that they failed without a report, or do not start.</summary>
/// <remarks>
/// 1. Report the Job that failed last, unless its pod has reported the failure.
/// 2. Report the newest Job whose pod does not start. Each cause gives one event for each Job.
/// 3. If an earlier call reported such a Job and there is none now: report whether it has started, is gone, or is about
///    to start.
/// </remarks>
internal sealed class PolicyJobReports(
    ConnectedCluster cluster, EventRecorder events, ControllerOptions options, TimeProvider time, ILogger logger)
{
    private const string NodeHint = $"Backups run on nodes with the label {PodPlacement.LabelDefault}, or with that of "
        + $"the policy's options.{PodPlacement.LabelOption}.";

    private static readonly ResourceKind Kind = ClusterKinds.Policy;

    private readonly StatusWriter _statuses = new(cluster.Client);
    private readonly PolicyJobs _jobs = new(cluster);
    private readonly PodFailure _pods = new(cluster);
    private readonly JobStarts _starts = new(cluster, options, time);

    /// <returns>The resulting policy, and when to check again; null: when a Job changes.</returns>
    public async Task<(PolicyObject Item, TimeSpan? RecheckAfter)> ReportAsync(
        PolicyObject item, CancellationToken cancellationToken)
    {
        JobObject[] jobs = PolicyJobs.InOrder(await _jobs.ListOwnAsync(item, cancellationToken));

        // 1
        item = await ReportFailureAsync(item, jobs, cancellationToken);

        // 2
        Dictionary<string, JobStart> active = new(StringComparer.Ordinal);
        foreach (JobObject job in jobs.Where(job => !JobState.IsEnding(job)))
        {
            active.Add(job.Name, await _starts.CheckAsync(job, cancellationToken));
        }

        TimeSpan? recheckAfter = active.Values.Min(start => start.RecheckAfter);
        JobObject? delayedJob = Array.FindLast(
            jobs, job => active.GetValueOrDefault(job.Name)?.Delay is not null);
        if (delayedJob is not null && active[delayedJob.Name] is { Delay: { } delay } start)
        {
            return (await ReportDelayAsync(item, delayedJob, start.Pod, delay, cancellationToken), recheckAfter);
        }

        // 3
        return (await ReportEndOfDelayAsync(item, jobs, active, cancellationToken), recheckAfter);
    }

    /// <summary>A pod that ran has reported its result; one that never started, or was killed, has not.</summary>
    private async Task<PolicyObject> ReportFailureAsync(
        PolicyObject item, JobObject[] jobs, CancellationToken cancellationToken)
    {
        if (FailedJob.Last(jobs) is not { } last
            || item.Status.IsReported(last.SinceThen, JobState.StartTime(last.Job), last.At, time.GetUtcNow()))
        {
            return item;
        }

        string name = last.Job.Name;
        (string? pod, string? why) = await _pods.FindAsync(name, cancellationToken);
        BackupException failure = why is null && CauseOf(item, name) is { } cause
            ? PodFailure.NeverStarted(name, last.Message, cause)
            : PodFailure.Unreported(name, why ?? last.Message);
        return await FailAsync(item, failure, pod ?? name, last.At, last.Job.Uid, cancellationToken);
    }

    private async Task<PolicyObject> ReportDelayAsync(
        PolicyObject item, JobObject job, string? pod, StartDelay delay, CancellationToken cancellationToken)
    {
        DelayedJob delayed = new(job.Name, pod, JobState.StartTime(job));
        string message = delay.Message(delayed.Name);
        if (delay.Reason != item.Status.Conditions.Reason(StatusConditions.PodStarted)
            || CauseOf(item, delayed.Name) is null)
        {
            // Record the event before the status is written: an event is not recorded twice, and a crash loses none.
            await events.RecordOnceAsync(
                Kind, item, EventType.Warning, "BackupNotStarted", message, delay.EventKey(job), cancellationToken);
            logger.JobDelayed(item.Name, message);
        }

        return await DelayAsync(item, delay, delayed, cancellationToken);
    }

    private async Task<PolicyObject> ReportEndOfDelayAsync(
        PolicyObject item, JobObject[] jobs, Dictionary<string, JobStart> active, CancellationToken cancellationToken)
    {
        PolicyStatus status = item.Status;
        if (!status.Conditions.IsFalse(StatusConditions.PodStarted)
            || StartDelay.JobOf(status.Conditions.Message(StatusConditions.PodStarted)) is not { } name)
        {
            return item;
        }

        JobObject? found = Array.Find(jobs, one => one.Name == name);
        if (found is not null && active.TryGetValue(name, out JobStart? start) && !start.HasStarted)
        {
            DelayedJob delayed = new(name, start.Pod, JobState.StartTime(found));
            return await DelayAsync(item, StartDelay.Starting, delayed, cancellationToken);
        }

        if (status.IsLastRun(name, PolicyRunState.Failed)
            || (found is not null && JobState.IsFailing(found)))
        {
            // The Job ended, or is ending, without a start. The condition reports it until a pod of the policy starts.
            return item;
        }

        if (found is null && status.IsLastRun(name, PolicyRunState.Pending))
        {
            BackupException failure = PodFailure.NeverStarted(name, "it was removed", CauseOf(item, name)!);
            string key = $"{item.Uid}.{name}";
            return await FailAsync(item, failure, name, time.GetUtcNow(), key, cancellationToken);
        }

        return await _statuses.ChangeAsync(
            item, changed => changed.SetStarted(item.Generation, time.GetUtcNow()), cancellationToken);
    }

    private Task<PolicyObject> DelayAsync(
        PolicyObject item, StartDelay delay, DelayedJob job, CancellationToken cancellationToken)
    {
        string hint = delay.Reason == "Unschedulable" ? $"{job.Hint} {NodeHint}" : job.Hint;
        return _statuses.ChangeAsync(
            item,
            status => status.SetDelayed(delay, job, hint, item.Generation, time.GetUtcNow()),
            cancellationToken);
    }

    private async Task<PolicyObject> FailAsync(
        PolicyObject item,
        BackupException failure,
        string pod,
        DateTimeOffset at,
        string key,
        CancellationToken cancellationToken)
    {
        PolicyObject written = await _statuses.ChangeAsync(
            item,
            status => status.SetFailed(failure, pod, item.Generation, at, time.GetUtcNow()),
            cancellationToken);
        await events.RecordOnceAsync(
            Kind, item, EventType.Warning, "BackupFailed", failure.Message, key, cancellationToken);
        return written;
    }

    private static string? CauseOf(PolicyObject item, string job) =>
        StartDelay.CauseOf(item.Status.Conditions.Message(StatusConditions.PodStarted), job);
}
