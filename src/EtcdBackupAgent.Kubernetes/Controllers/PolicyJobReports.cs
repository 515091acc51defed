using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Kubernetes.Publishing;
using EtcdBackupAgent.Kubernetes.Workloads;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Kubernetes.Controllers;

/// <summary>Reports in the status of a policy, and in an event, what the pods of its Jobs cannot report themselves:
/// that they failed without a word, or do not start.</summary>
/// <remarks>
/// 1. The Job that failed last, unless its pod has reported that.
/// 2. The newest Job whose pod is kept from starting. Each cause is one event of each Job.
/// 3. Where an earlier look reported such a Job, and there is none now: whether it has started, is gone, or is about
/// to start.
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

    /// <returns>The policy as it is then, and when to look again; null: when a Job changes.</returns>
    public async Task<(JsonObject Item, TimeSpan? LookAgain)> ReportAsync(
        JsonObject item, CancellationToken cancellationToken)
    {
        JsonObject[] jobs = PolicyJobs.InOrder(await _jobs.ListOwnAsync(item, cancellationToken));

        // 1
        item = await ReportFailureAsync(item, jobs, cancellationToken);

        // 2
        Dictionary<string, JobStart> active = new(StringComparer.Ordinal);
        foreach (JsonObject job in jobs.Where(job => !JobState.IsEnding(job)))
        {
            active.Add(ObjectMetadata.Name(job), await _starts.LookAsync(job, cancellationToken));
        }

        TimeSpan? again = active.Values.Min(start => start.LookAgain);
        JsonObject? kept = Array.FindLast(
            jobs, job => active.GetValueOrDefault(ObjectMetadata.Name(job))?.Delay is not null);
        if (kept is not null && active[ObjectMetadata.Name(kept)] is { Delay: { } delay } start)
        {
            return (await ReportDelayAsync(item, kept, start.Pod, delay, cancellationToken), again);
        }

        // 3
        return (await ReportEndOfDelayAsync(item, jobs, active, cancellationToken), again);
    }

    /// <summary>A pod that ran has reported what became of it; one that never started, or was killed, has
    /// not.</summary>
    private async Task<JsonObject> ReportFailureAsync(
        JsonObject item, JsonObject[] jobs, CancellationToken cancellationToken)
    {
        JsonObject status = item["status"] as JsonObject ?? [];
        if (FailedJob.Last(jobs) is not { } last
            || PolicyStatus.HasTold(
                status, last.SinceThen, JobState.Started(last.Job), last.At, time.GetUtcNow()))
        {
            return item;
        }

        string name = ObjectMetadata.Name(last.Job);
        (string? pod, string? why) = await _pods.FindAsync(name, cancellationToken);
        BackupException failure = why is null && CauseOf(item, name) is { } cause
            ? PodFailure.NeverStarted(name, last.Message, cause)
            : PodFailure.Untold(name, why ?? last.Message);
        return await FailAsync(item, failure, pod ?? name, last.At, ObjectMetadata.Uid(last.Job), cancellationToken);
    }

    private async Task<JsonObject> ReportDelayAsync(
        JsonObject item, JsonObject job, string? pod, StartDelay delay, CancellationToken cancellationToken)
    {
        DelayedJob delayed = new(ObjectMetadata.Name(job), pod, JobState.Started(job));
        string message = delay.Message(delayed.Name);
        if (delay.Reason != StatusConditions.Reason(item, StatusConditions.PodStarted)
            || CauseOf(item, delayed.Name) is null)
        {
            // Before the status: an event that was recorded already is not recorded again, and none is lost by a crash.
            await events.RecordOnceAsync(
                Kind, item, EventType.Warning, "BackupNotStarted", message, delay.EventKey(job), cancellationToken);
            logger.JobDelayed(ObjectMetadata.Name(item), message);
        }

        return await DelayAsync(item, delay, delayed, cancellationToken);
    }

    private async Task<JsonObject> ReportEndOfDelayAsync(
        JsonObject item, JsonObject[] jobs, Dictionary<string, JobStart> active, CancellationToken cancellationToken)
    {
        if (!StatusConditions.Fails(item, StatusConditions.PodStarted)
            || StartDelay.JobOf(StatusConditions.Message(item, StatusConditions.PodStarted)) is not { } name)
        {
            return item;
        }

        JsonObject status = item["status"] as JsonObject ?? [];
        JsonObject? found = Array.Find(jobs, one => ObjectMetadata.Name(one) == name);
        if (found is not null && active.TryGetValue(name, out JobStart? start) && !start.HasStarted)
        {
            DelayedJob delayed = new(name, start.Pod, JobState.Started(found));
            return await DelayAsync(item, StartDelay.UnderWay, delayed, cancellationToken);
        }

        if (PolicyStatus.IsLastRun(status, name, PolicyStatus.Failed)
            || (found is not null && JobState.IsFailing(found)))
        {
            // It ended, or ends, without a start. The condition says so until a pod of the policy starts.
            return item;
        }

        if (found is null && PolicyStatus.IsLastRun(status, name, PolicyStatus.Pending))
        {
            BackupException failure = PodFailure.NeverStarted(name, "it was removed", CauseOf(item, name)!);
            string key = $"{ObjectMetadata.Uid(item)}.{name}";
            return await FailAsync(item, failure, name, time.GetUtcNow(), key, cancellationToken);
        }

        return await _statuses.ChangeAsync(
            Kind,
            item,
            changed => PolicyStatus.SetStarted(changed, ObjectMetadata.Generation(item), time.GetUtcNow()),
            cancellationToken);
    }

    private Task<JsonObject> DelayAsync(
        JsonObject item, StartDelay delay, DelayedJob job, CancellationToken cancellationToken)
    {
        string hint = delay.Reason == "Unschedulable" ? $"{job.Hint} {NodeHint}" : job.Hint;
        return _statuses.ChangeAsync(
            Kind,
            item,
            status => PolicyStatus.SetDelayed(
                status, delay, job, hint, ObjectMetadata.Generation(item), time.GetUtcNow()),
            cancellationToken);
    }

    private async Task<JsonObject> FailAsync(
        JsonObject item,
        BackupException failure,
        string pod,
        DateTimeOffset at,
        string key,
        CancellationToken cancellationToken)
    {
        JsonObject written = await _statuses.ChangeAsync(
            Kind,
            item,
            status => PolicyStatus.SetFailed(
                status, failure, pod, ObjectMetadata.Generation(item), at, time.GetUtcNow()),
            cancellationToken);
        await events.RecordOnceAsync(
            Kind, item, EventType.Warning, "BackupFailed", failure.Message, key, cancellationToken);
        return written;
    }

    private static string? CauseOf(JsonObject item, string job) =>
        StartDelay.CauseOf(StatusConditions.Message(item, StatusConditions.PodStarted), job);
}
