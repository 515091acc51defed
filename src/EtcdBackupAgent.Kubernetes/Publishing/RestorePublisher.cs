using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Publishing;

/// <summary>Publishes the progress of a restore in the cluster. A failure to publish does not stop the restore: the
/// controller publishes the result when the Job has ended.</summary>
/// <param name="client">The cluster.</param>
/// <param name="restore">The MetadataRestore as it was read.</param>
/// <param name="pod">The pod that restores.</param>
/// <param name="time">The clock.</param>
internal sealed class RestorePublisher(KubernetesClient client, RestoreObject restore, string pod, TimeProvider time)
{
    private readonly StatusWriter _statuses = new(client);
    private readonly EventRecorder _events = new(client, pod, time);

    public PublisherLimits Limits { get; init; } = new();

    /// <returns>Null if it was published, otherwise the reason of the failure.</returns>
    public Task<BackupException?> ProgressAsync(string snapshotId, int percent) =>
        PublishAsync(status => status.SetProgress(snapshotId, percent), newEvent: null, Limits.Begin);

    /// <inheritdoc cref="ProgressAsync"/>
    public Task<BackupException?> CompletedAsync(string snapshotId, RestoredPoint? point)
    {
        DateTimeOffset now = time.GetUtcNow();
        return PublishAsync(
            status => status.SetCompleted(snapshotId, point, restore.Generation, now),
            (EventType.Normal, "RestoreSucceeded", RestoreStatus.SuccessText(snapshotId, point)),
            Limits.End);
    }

    /// <summary>Publishes a restore of objects that is done, perhaps but for some objects.</summary>
    /// <inheritdoc cref="ProgressAsync"/>
    public Task<BackupException?> ObjectsAsync(ObjectsResult restored)
    {
        DateTimeOffset now = time.GetUtcNow();
        return PublishAsync(
            status => status.SetObjects(restored, restore.Generation, now),
            restored.Objects.IsComplete
                ? (EventType.Normal, "RestoreSucceeded", restored.Text)
                : (EventType.Warning, "RestorePartlyFailed", restored.Text),
            Limits.End);
    }

    /// <inheritdoc cref="ProgressAsync"/>
    public Task<BackupException?> FailedAsync(BackupException failure)
    {
        DateTimeOffset now = time.GetUtcNow();
        return PublishAsync(
            status => status.SetFailed(failure, restore.Generation, now),
            (EventType.Warning, "RestoreFailed", failure.Message),
            Limits.End);
    }

    private async Task<BackupException?> PublishAsync(
        Action<RestoreStatus> change, (EventType Type, string Reason, string Message)? newEvent, TimeSpan limit)
    {
        using CancellationTokenSource timeIsUp = new(limit, time);
        string key = EventRecorder.NewKey();
        return await new RetriedCall(client, Limits, time).TryAsync(
            $"write the status of MetadataRestore {restore.Name}",
            async token =>
            {
                await _statuses.ChangeAsync(
                    restore,
                    status =>
                    {
                        status.SetStarted(restore.Generation, time.GetUtcNow());
                        change(status);
                    },
                    token);
                if (newEvent is { } recorded)
                {
                    await _events.RecordOnceAsync(
                        ClusterKinds.Restore, restore, recorded.Type, recorded.Reason, recorded.Message, key, token);
                }
            },
            timeIsUp.Token);
    }
}
