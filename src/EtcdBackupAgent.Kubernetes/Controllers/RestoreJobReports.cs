using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Kubernetes.Publishing;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Kubernetes.Controllers;

/// <summary>Reports in the status of a restore, and in an event, what the pod of its Job cannot report itself: that
/// it has ended, or does not start.</summary>
internal sealed class RestoreJobReports(
    ConnectedCluster cluster, EventRecorder events, ControllerOptions options, TimeProvider time, ILogger logger)
{
    private const string NodeHint = "spec.nodeSelector of another MetadataRestore chooses the node.";

    private static readonly ResourceKind Kind = ClusterKinds.Restore;

    private readonly StatusWriter _statuses = new(cluster.Client);
    private readonly PodFailure _pods = new(cluster);
    private readonly JobStarts _starts = new(cluster, options, time);

    /// <returns>When to check again; null: when the Job changes.</returns>
    public async Task<TimeSpan?> ReportAsync(RestoreObject restore, JobObject job, CancellationToken cancellationToken)
    {
        if (JobState.IsComplete(job) || JobState.Failure(job) is not null)
        {
            await ReportEndAsync(restore, job, cancellationToken);
            return null;
        }

        JobStart start = await _starts.CheckAsync(job, cancellationToken);
        bool wasDelayed = restore.Status.Conditions.IsFalse(StatusConditions.PodStarted);
        if (start.Delay is { } delay)
        {
            await ReportDelayAsync(restore, job, start.Pod, delay, cancellationToken);
        }
        else if (wasDelayed && start.HasStarted && !JobState.IsEnding(job))
        {
            string what = restore.Describe(restore.Status.SnapshotId);
            await _statuses.ChangeAsync(
                restore,
                status =>
                {
                    status.SetStarted(restore.Generation, time.GetUtcNow());
                    status.SetRestoring(what, restore.Generation, time.GetUtcNow());
                },
                cancellationToken);
        }
        else if (wasDelayed && !start.HasStarted)
        {
            await DelayAsync(restore, job, start.Pod, StartDelay.Starting, cancellationToken);
        }

        return start.RecheckAfter;
    }

    public async Task FailAsync(RestoreObject restore, BackupException failure, CancellationToken cancellationToken)
    {
        await _statuses.ChangeAsync(
            restore,
            status => status.SetFailed(failure, restore.Generation, time.GetUtcNow()),
            cancellationToken);
        await events.RecordOnceAsync(
            Kind,
            restore,
            EventType.Warning,
            "RestoreFailed",
            failure.Message,
            restore.Uid,
            cancellationToken);
    }

    private async Task ReportDelayAsync(
        RestoreObject restore, JobObject job, string? pod, StartDelay delay, CancellationToken cancellationToken)
    {
        if (delay.Reason != restore.Status.Conditions.Reason(StatusConditions.PodStarted))
        {
            string message = delay.Message(job.Name);
            await events.RecordOnceAsync(
                Kind, restore, EventType.Warning, "RestoreNotStarted", message, delay.EventKey(job), cancellationToken);
            logger.JobDelayed(restore.Name, message);
        }

        await DelayAsync(restore, job, pod, delay, cancellationToken);
    }

    private Task<RestoreObject> DelayAsync(
        RestoreObject restore, JobObject job, string? pod, StartDelay delay, CancellationToken cancellationToken)
    {
        DelayedJob delayed = new(job.Name, pod, JobState.StartTime(job));
        string hint = delay.Reason is "Unschedulable" or "FailedMount" ? $"{delayed.Hint} {NodeHint}" : delayed.Hint;
        return _statuses.ChangeAsync(
            restore,
            status => status.SetDelayed(delay, delayed, hint, restore.Generation, time.GetUtcNow()),
            cancellationToken);
    }

    private async Task ReportEndAsync(RestoreObject restore, JobObject job, CancellationToken cancellationToken)
    {
        string name = job.Name;
        if (JobState.IsComplete(job))
        {
            string? snapshot = restore.Status.SnapshotId;
            await _statuses.ChangeAsync(
                restore,
                status =>
                {
                    status.SetStarted(restore.Generation, time.GetUtcNow());
                    status.SetCompleted(snapshot, point: null, restore.Generation, time.GetUtcNow());
                },
                cancellationToken);
            await events.RecordOnceAsync(
                Kind, restore, EventType.Normal, "RestoreSucceeded",
                RestoreStatus.SuccessText(snapshot, point: null), job.Uid, cancellationToken);
        }
        else if (JobState.Failure(job) is { } failed)
        {
            (_, string? why) = await _pods.FindAsync(name, cancellationToken);
            string? cause = StartDelay.CauseOf(restore.Status.Conditions.Message(StatusConditions.PodStarted), name);
            BackupException failure = why is null && cause is not null
                ? PodFailure.NeverStarted(name, failed.Message, cause)
                : PodFailure.Unreported(name, why ?? failed.Message);
            await FailAsync(restore, failure, cancellationToken);
        }
    }
}
