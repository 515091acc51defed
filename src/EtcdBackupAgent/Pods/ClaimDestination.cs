using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.RestorePoints;
using EtcdBackupAgent.Core.Restores;
using EtcdBackupAgent.Core.Transfers;
using EtcdBackupAgent.Kubernetes.Publishing;

namespace EtcdBackupAgent.Pods;

/// <summary>Restores the files of a snapshot into a directory, on which the pod has mounted a claim.</summary>
/// <param name="directory">The directory, which must be empty.</param>
/// <param name="display">Receives the progress of the transfer.</param>
internal sealed class ClaimDestination(string directory, IProgress<TransferProgress> display)
    : IRestoreDestination<RestoreOutcome>
{
    public async Task<RestoreOutcome> RestoreAsync(
        OpenedSource source, RestorePublisher publisher, CancellationToken cancellationToken)
    {
        RestorePoint point = await new PointChoice(source.Repository, source.Keys.Identities)
            .FindAsync(source.Selection, cancellationToken);
        Snapshot snapshot = point.Snapshot;
        string id = snapshot.Id.Value;
        Task publishing = Task.CompletedTask;
        RestoreProgress progress = new(
            snapshot.Manifest.PlainBytes,
            display,
            percent => publishing = publishing.IsCompleted ? publisher.ProgressAsync(id, percent) : publishing);
        try
        {
            RestoreRun run = new(source.Repository) { NotEmptyHint = "Restore into an empty claim." };
            return await run.ExecuteAsync(
                point, source.Keys.Identities, directory, overwrite: false, progress, cancellationToken);
        }
        finally
        {
            // Otherwise, late progress could overwrite the final status.
            await publishing;
        }
    }

    public Task<BackupException?> PublishAsync(RestoreOutcome outcome, RestorePublisher publisher) =>
        publisher.CompletedAsync(
            outcome.Manifest.Id.Value, PublishedPoint.Of(outcome.Revision?.Revision, outcome.Revision?.Time));
}
