using System.Text.Json.Nodes;
using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Configuration;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Keys;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.RestorePoints;
using EtcdBackupAgent.Core.Restores;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Core.Transfers;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Kubernetes.Publishing;
using EtcdBackupAgent.Kubernetes.Reading;
using EtcdBackupAgent.Output;
using EtcdBackupAgent.Runtime;

namespace EtcdBackupAgent.Pods;

/// <summary>
/// Performs one MetadataRestore. The pod of a restore runs this. A restore does not need a cluster; only a restore that
/// a MetadataRestore requests does.
/// </summary>
/// <remarks>
/// 1. Read the restore, its record or its policy, and the location of that. A restore that has ended is not repeated.
/// 2. Open the repository and its key, with the parts of the location's Secret that the pod has.
/// 3. Find the snapshot and the part of the change log, restore, and publish the progress.
/// 4. Publish the result in the restore's status and an event.
/// </remarks>
/// <param name="cluster">The cluster with the MetadataRestore.</param>
/// <param name="openStore">Opens the store of a location. It does not connect to the store yet.</param>
/// <param name="time">The clock of statuses and events.</param>
internal sealed class ClusterRestore(
    ConnectedCluster cluster, Func<BackupLocation, ResourceSet, IObjectStore> openStore, TimeProvider time)
{
    /// <param name="name">The MetadataRestore, in the cluster's namespace.</param>
    /// <param name="target">The directory to restore to, which must be empty.</param>
    /// <param name="display">Receives the progress of the transfer.</param>
    /// <param name="warn">Receives warnings, which do not end the restore.</param>
    /// <param name="cancellationToken">A cancelled restore leaves the target as it was.</param>
    /// <exception cref="BackupException">Nothing was restored.</exception>
    public async Task<RestoreOutcome> ExecuteAsync(
        string name,
        string target,
        IProgress<TransferProgress> display,
        Action<string> warn,
        CancellationToken cancellationToken)
    {
        // 1
        RestoreObject restore = new(await ReadAsync(ClusterKinds.Restore, name, cancellationToken));
        if (restore.Status.HasEnded)
        {
            throw new BackupException(FailureReason.Refused, $"MetadataRestore {name} has already ended.")
            {
                Hint = "Create a new one to restore again.",
            };
        }

        RestorePublisher publisher = new(cluster.Client, restore, PodIdentity.Name(), time);
        try
        {
            RestoreOutcome outcome = await RestoreAsync(restore, target, publisher, display, cancellationToken);

            // 4
            Warn(await publisher.CompletedAsync(outcome.Manifest.Id.Value, PointOf(outcome.Revision)));
            return outcome;
        }
        catch (BackupException e)
        {
            Warn(await publisher.FailedAsync(e));
            throw;
        }

        void Warn(BackupException? unpublished)
        {
            if (unpublished is not null)
            {
                warn($"{unpublished.Message} The controller publishes it later.");
            }
        }
    }

    private async Task<RestoreOutcome> RestoreAsync(
        RestoreObject restore,
        string target,
        RestorePublisher publisher,
        IProgress<TransferProgress> display,
        CancellationToken cancellationToken)
    {
        (string? locationName, string? snapshotId) = await FindSourceAsync(restore, cancellationToken);
        LocationObject locationObject = new(
            await ReadAsync(ClusterKinds.BackupLocation, locationName ?? "", cancellationToken));
        ResourceSet resources = await new ClusterResourceStore(
            cluster, new PodSecrets(Environment.GetEnvironmentVariable, etcdCredentialsDirectory: Path.GetTempPath()))
            .BindLocationAsync(locationObject, cancellationToken);
        BackupLocation location = resources.Locations.Values.SingleOrDefault() ?? throw new BackupException(
            FailureReason.InvalidInput,
            $"BackupLocation {locationObject.Name} cannot be used: {string.Join('\n', resources.Problems)}");

        // 2
        using IObjectStore store = openStore(location, resources);
        BackupRepository repository = await BackupRepository.OpenAsync(store, time, cancellationToken);
        using OpenedKeys keys = await OpenKeysAsync(repository, cancellationToken);

        // 3
        RestorePoint point = await new PointChoice(repository, keys.Identities)
            .FindAsync(restore.Select(snapshotId), cancellationToken);
        Snapshot snapshot = point.Snapshot;
        string id = snapshot.Id.Value;
        Task publishing = Task.CompletedTask;
        RestoreProgress progress = new(
            snapshot.Manifest.PlainBytes,
            display,
            percent => publishing = publishing.IsCompleted ? publisher.ProgressAsync(id, percent) : publishing);
        try
        {
            RestoreRun run = new(repository) { NotEmptyHint = "Restore into an empty claim." };
            return await run.ExecuteAsync(
                point, keys.Identities, target, overwrite: false, progress, cancellationToken);
        }
        finally
        {
            // Otherwise, late progress could overwrite the final status.
            await publishing;
        }
    }

    /// <summary>Finds the location, and the snapshot if the restore names a record.</summary>
    private async Task<(string? Location, string? SnapshotId)> FindSourceAsync(
        RestoreObject restore, CancellationToken cancellationToken)
    {
        if (restore.RecordName is { } recordName)
        {
            RecordObject record = new(await ReadAsync(ClusterKinds.Record, recordName, cancellationToken));
            return (record.Location, record.SnapshotId ?? "");
        }

        PolicyObject policy = new(await ReadAsync(ClusterKinds.Policy, restore.PolicyName ?? "", cancellationToken));
        return (policy.Destination, null);
    }

    private static RestoredPoint? PointOf(RestoredRevision? restored) => restored is null
        ? null
        : new RestoredPoint(
            restored.Revision,
            restored.Time is { } time
                ? new RestoredMoment(time.Moment, time.IsExact, $"{WindowText.Text(time)}.")
                : null);

    private async Task<OpenedKeys> OpenKeysAsync(BackupRepository repository, CancellationToken cancellationToken)
    {
        if (repository.Document.Encryption.Kind == ArtifactEncryption.None)
        {
            return new OpenedKeys([]);
        }

        using AgePassphrase passphrase = PassphraseText.OfEnvironment() ?? throw new BackupException(
            FailureReason.KeyRefused,
            $"The repository at {repository.Store.Address} is encrypted to keys that this cluster does not have.")
        {
            Hint = "Restore on a machine that has the identity: "
                + "'etcd-backup-agent restore ID --repository URL --identity-file FILE --to DIR'.",
        };
        return new OpenedKeys([await new RepositoryKeys(repository, time).OpenAsync(passphrase, cancellationToken)]);
    }

    private async Task<JsonObject> ReadAsync(ResourceKind kind, string name, CancellationToken cancellationToken)
    {
        try
        {
            return await cluster.Client.FindAsync(kind, cluster.Namespace, name, cancellationToken)
                ?? throw new BackupException(
                    FailureReason.InvalidInput,
                    $"There is no {kind.Kind} {cluster.Namespace}/{name} at {cluster.Client.Connection}.");
        }
        catch (Exception e) when (ApiFailure.IsKnown(e))
        {
            throw ApiFailure.From(cluster.Client.Connection, $"read {kind.Kind} {name}", e);
        }
    }
}
