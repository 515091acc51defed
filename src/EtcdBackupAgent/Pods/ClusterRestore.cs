using System.Text.Json.Nodes;
using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Configuration;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Keys;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Kubernetes.Publishing;
using EtcdBackupAgent.Kubernetes.Reading;
using EtcdBackupAgent.Runtime;

namespace EtcdBackupAgent.Pods;

/// <summary>
/// Performs one MetadataRestore. The pod of a restore runs this. A restore does not need a cluster; only a restore that
/// a MetadataRestore requests does.
/// </summary>
/// <remarks>
/// 1. Read the restore, its record or its policy, and the location of that. A restore that has ended is not repeated.
/// 2. Open the repository and its key, with the parts of the location's Secret that the pod has.
/// 3. Restore to the destination, which publishes the progress.
/// 4. Publish the result in the restore's status and an event.
/// </remarks>
/// <param name="cluster">The cluster with the MetadataRestore.</param>
/// <param name="openStore">Opens the store of a location. It does not connect to the store yet.</param>
/// <param name="time">The clock of statuses and events.</param>
internal sealed class ClusterRestore(
    ConnectedCluster cluster, Func<BackupLocation, ResourceSet, IObjectStore> openStore, TimeProvider time)
{
    /// <param name="name">The MetadataRestore, in the cluster's namespace.</param>
    /// <param name="destination">Where it restores to.</param>
    /// <param name="warn">Receives warnings, which do not end the restore.</param>
    /// <param name="cancellationToken">Ends the restore; see the destination for what it leaves.</param>
    /// <exception cref="BackupException">The restore failed, and that is published.</exception>
    public async Task<TOutcome> ExecuteAsync<TOutcome>(
        string name,
        IRestoreDestination<TOutcome> destination,
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
            TOutcome outcome = await RestoreAsync(restore, destination, publisher, cancellationToken);

            // 4
            Warn(await destination.PublishAsync(outcome, publisher));
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

    private async Task<TOutcome> RestoreAsync<TOutcome>(
        RestoreObject restore,
        IRestoreDestination<TOutcome> destination,
        RestorePublisher publisher,
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
        BackupRepository repository = await BackupRepository.OpenAsync(
            store, LocationSigning.Of(location, resources), time, cancellationToken);
        using OpenedKeys keys = await OpenKeysAsync(repository, cancellationToken);

        // 3
        return await destination.RestoreAsync(
            new OpenedSource(restore, repository, keys, restore.Select(snapshotId)), publisher, cancellationToken);
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
        return await new RepositoryKeys(repository, time).OpenAsync(passphrase, cancellationToken);
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
