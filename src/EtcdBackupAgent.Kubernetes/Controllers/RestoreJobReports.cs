using System.Text.Json.Nodes;
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

    /// <returns>When to look again; null: when the Job changes.</returns>
    public async Task<TimeSpan?> ReportAsync(JsonObject restore, JsonObject job, CancellationToken cancellationToken)
    {
        if (JobState.IsComplete(job) || JobState.Failure(job) is not null)
        {
            await ReportEndAsync(restore, job, cancellationToken);
            return null;
        }

        JobStart start = await _starts.LookAsync(job, cancellationToken);
        bool wasDelayed = StatusConditions.Fails(restore, StatusConditions.PodStarted);
        if (start.Delay is { } delay)
        {
            await ReportDelayAsync(restore, job, start.Pod, delay, cancellationToken);
        }
        else if (wasDelayed && start.HasStarted && !JobState.IsEnding(job))
        {
            string snapshot = ObjectMetadata.Find(restore, "status", "snapshotId") ?? "";
            await _statuses.ChangeAsync(
                Kind,
                restore,
                status =>
                {
                    RestoreStatus.SetStarted(status, ObjectMetadata.Generation(restore), time.GetUtcNow());
                    RestoreStatus.SetRestoring(status, snapshot, ObjectMetadata.Generation(restore), time.GetUtcNow());
                },
                cancellationToken);
        }
        else if (wasDelayed && !start.HasStarted)
        {
            await DelayAsync(restore, job, start.Pod, StartDelay.UnderWay, cancellationToken);
        }

        return start.LookAgain;
    }

    public async Task FailAsync(JsonObject restore, BackupException failure, CancellationToken cancellationToken)
    {
        await _statuses.ChangeAsync(
            Kind,
            restore,
            status => RestoreStatus.SetFailed(status, failure, ObjectMetadata.Generation(restore), time.GetUtcNow()),
            cancellationToken);
        await events.RecordOnceAsync(
            Kind,
            restore,
            EventType.Warning,
            "RestoreFailed",
            failure.Message,
            ObjectMetadata.Uid(restore),
            cancellationToken);
    }

    private async Task ReportDelayAsync(
        JsonObject restore, JsonObject job, string? pod, StartDelay delay, CancellationToken cancellationToken)
    {
        if (delay.Reason != StatusConditions.Reason(restore, StatusConditions.PodStarted))
        {
            string message = delay.Message(ObjectMetadata.Name(job));
            await events.RecordOnceAsync(
                Kind, restore, EventType.Warning, "RestoreNotStarted", message, delay.EventKey(job), cancellationToken);
            logger.JobDelayed(ObjectMetadata.Name(restore), message);
        }

        await DelayAsync(restore, job, pod, delay, cancellationToken);
    }

    private Task<JsonObject> DelayAsync(
        JsonObject restore, JsonObject job, string? pod, StartDelay delay, CancellationToken cancellationToken)
    {
        DelayedJob delayed = new(ObjectMetadata.Name(job), pod, JobState.Started(job));
        string hint = delay.Reason is "Unschedulable" or "FailedMount" ? $"{delayed.Hint} {NodeHint}" : delayed.Hint;
        return _statuses.ChangeAsync(
            Kind,
            restore,
            status => RestoreStatus.SetDelayed(
                status, delay, delayed, hint, ObjectMetadata.Generation(restore), time.GetUtcNow()),
            cancellationToken);
    }

    private async Task ReportEndAsync(JsonObject restore, JsonObject job, CancellationToken cancellationToken)
    {
        string name = ObjectMetadata.Name(job);
        if (JobState.IsComplete(job))
        {
            string snapshot = ObjectMetadata.Find(restore, "status", "snapshotId") ?? "";
            await _statuses.ChangeAsync(
                Kind,
                restore,
                status =>
                {
                    RestoreStatus.SetStarted(status, ObjectMetadata.Generation(restore), time.GetUtcNow());
                    RestoreStatus.SetCompleted(status, snapshot, ObjectMetadata.Generation(restore), time.GetUtcNow());
                },
                cancellationToken);
            await events.RecordOnceAsync(
                Kind, restore, EventType.Normal, "RestoreSucceeded", RestoreStatus.SuccessText(snapshot),
                ObjectMetadata.Uid(job), cancellationToken);
        }
        else if (JobState.Failure(job) is { } failed)
        {
            (_, string? why) = await _pods.FindAsync(name, cancellationToken);
            string? cause = StartDelay.CauseOf(StatusConditions.Message(restore, StatusConditions.PodStarted), name);
            BackupException failure = why is null && cause is not null
                ? PodFailure.NeverStarted(name, failed.Message, cause)
                : PodFailure.Untold(name, why ?? failed.Message);
            await FailAsync(restore, failure, cancellationToken);
        }
    }
}
