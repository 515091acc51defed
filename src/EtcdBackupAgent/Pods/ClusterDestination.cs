using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.KeySpaces;
using EtcdBackupAgent.Core.Transfers;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Kubernetes.Publishing;
using EtcdBackupAgent.Kubernetes.Restoring;
using EtcdBackupAgent.Objects.Encryption;
using EtcdBackupAgent.Objects.Modifying;
using EtcdBackupAgent.Objects.Querying;
using EtcdBackupAgent.Objects.Reading;
using EtcdBackupAgent.Objects.Restoring;
using WriteProgress = EtcdBackupAgent.Objects.Restoring.RestoreProgress;

namespace EtcdBackupAgent.Pods;

/// <summary>
/// Restores objects of a snapshot into the cluster of the pod, with the rights of the pod's service account.
/// </summary>
/// <remarks>
/// 1. Open the snapshot.
/// 2. Plan. A dry run ends here.
/// 3. Write, and publish the progress.
/// </remarks>
/// <param name="client">The cluster.</param>
/// <param name="inputs">The files that the pod has.</param>
/// <param name="transfer">Receives the progress of reading the snapshot.</param>
/// <param name="display">Receives the progress of the writes.</param>
/// <param name="time">The clock.</param>
internal sealed class ClusterDestination(
    KubernetesClient client,
    ObjectInputs inputs,
    IProgress<TransferProgress> transfer,
    IProgress<WriteProgress> display,
    TimeProvider time)
    : IRestoreDestination<ObjectsOutcome>
{
    public async Task<ObjectsOutcome> RestoreAsync(
        OpenedSource source, RestorePublisher publisher, CancellationToken cancellationToken)
    {
        RequestedObjects requested = source.Restore.Objects ?? throw new BackupException(
            FailureReason.InvalidInput, $"MetadataRestore {source.Restore.Name} has no spec.objects.");

        // 1
        using KeySpace keys = await KeySpace.OpenAsync(
            source.Repository,
            source.Keys.Identities,
            Path.GetTempPath(),
            source.Selection,
            transfer,
            cancellationToken);
        ObjectSpace space = new(
            keys,
            new ObjectReaderOptions { Encryption = inputs.Encryption, ManagedFields = true, ShowSecrets = true });
        string snapshotId = keys.Point!.Snapshot.Id.Value;
        ObjectsOutcome outcome = new()
        {
            Account = requested.ServiceAccount,
            Source = keys.Name,
            SnapshotId = snapshotId,
            Point = PublishedPoint.Of(keys.Point.Revision, keys.Point.Time),
        };

        // 2
        ObjectRestore restore = new(new ClusterTarget(client), time);
        ObjectRestorePlan plan = await restore.PlanAsync(
            space,
            new ObjectRestoreRequest
            {
                Filter = requested.Selection.Resolve(space, cancellationToken),
                WithRelated = requested.WithRelated,
                Existing = requested.Existing,
                Namespaces = requested.Namespaces,
                Modifiers = inputs.Modifiers,
            },
            cancellationToken);
        if (requested.IsDryRun)
        {
            return outcome with { Plan = plan };
        }

        // 3
        ObjectProgress progress = new(display, percent => publisher.ProgressAsync(snapshotId, percent));
        try
        {
            return outcome with { Report = await restore.ExecuteAsync(plan, progress, cancellationToken) };
        }
        finally
        {
            // Otherwise, late progress could overwrite the final status.
            await progress.Published;
        }
    }

    public Task<BackupException?> PublishAsync(ObjectsOutcome outcome, RestorePublisher publisher) =>
        publisher.ObjectsAsync(outcome.Result);
}

/// <summary>The files for a restore of objects.</summary>
/// <param name="Modifiers">The user's changes; null for none.</param>
/// <param name="Encryption">How the API server encrypted what it stored; null if it did not.</param>
internal sealed record ObjectInputs(ResourceModifiers? Modifiers, EncryptionConfiguration? Encryption);

/// <summary>What a restore of objects did.</summary>
internal sealed record ObjectsOutcome
{
    public required string Account { get; init; }

    /// <summary>The snapshot and the revision, for messages.</summary>
    public required string Source { get; init; }

    public required string SnapshotId { get; init; }

    /// <summary>The revision; null for the snapshot's own.</summary>
    public RestoredPoint? Point { get; init; }

    /// <summary>The plan of a dry run; null for a restore.</summary>
    public ObjectRestorePlan? Plan { get; init; }

    /// <summary>The report of a restore; null for a dry run.</summary>
    public ObjectRestoreReport? Report { get; init; }

    /// <summary>The result for the status of the MetadataRestore.</summary>
    public ObjectsResult Result => new(
        Account, SnapshotId, Point, Plan is not null ? RestoredObjects.Of(Plan) : RestoredObjects.Of(Report!));
}
