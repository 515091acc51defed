using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Retention;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Catalogue;
using EtcdBackupAgent.Kubernetes.Cluster;
using EtcdBackupAgent.Kubernetes.Publishing;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Kubernetes.Controllers;

/// <summary>Deletes the snapshot of a record that was deleted, or keeps it where <see cref="RecordDeletion"/> says so; then lets the
/// record go.</summary>
/// <remarks>
/// 1. Read the record; only one that is being deleted, and waits for our finalizer, is any business here.
/// 2. Gather the facts. What cannot be found out is tried again, and the record stays.
/// 3. Decide; delete the snapshot, or not; tell which.
/// 4. Take the finalizer away.
/// </remarks>
internal sealed class RecordReconciler(
    ConnectedCluster cluster, RepositoryAccess repositories, EventRecorder events, ILogger logger) : IReconciler
{
    private readonly ClusterResourceStore _resources = new(cluster);
    private readonly Finalizers _finalizers = new(cluster.Client);

    public ResourceKind Kind => ClusterKinds.Record;

    public string? Fingerprint(JsonObject item) =>
        $"{ObjectMetadata.Uid(item)} {ObjectMetadata.IsBeingDeleted(item)} {string.Join(' ', ObjectMetadata.Finalizers(item))}";

    public IReadOnlyList<RelatedKind> Related => [];

    /// <summary>One after the other: of the last two good snapshots, each is the other's reason to go.</summary>
    public int? WorkersMax => 1;

    public async Task<TimeSpan?> ReconcileAsync(string name, CancellationToken cancellationToken)
    {
        // 1
        JsonObject? record = await cluster.Client.FindAsync(Kind, cluster.Namespace, name, cancellationToken);
        if (record is null || !ObjectMetadata.IsBeingDeleted(record)
            || !ObjectMetadata.HasFinalizer(record, ClusterNames.RecordFinalizer))
        {
            return null;
        }

        // 2
        JsonObject? location = await FindAsync(ClusterKinds.BackupLocation, record, "backuploc", cancellationToken);
        JsonObject? policy = await FindAsync(ClusterKinds.Policy, record, "policy", cancellationToken);
        RecordDeletionFacts facts = new()
        {
            IsNamespaceGoing = await IsGoingAsync(ClusterKinds.Namespace, cluster.Namespace, cancellationToken),
            IsDefinitionGoing = await IsGoingAsync(
                ClusterKinds.CustomResourceDefinition, $"{Kind.Plural}.{Kind.Group}", cancellationToken),
            HasLocation = location is not null,
            HasPolicy = policy is not null,
        };

        // 3
        string id = RecordDocument.SnapshotOf(record) ?? "";
        if (RecordDeletion.NeedsRepository(facts))
        {
            await DeleteOrKeepAsync(record, id, facts, location!, policy!, cancellationToken);
        }
        else
        {
            await KeptAsync(record, id, RecordDeletion.WhyKept(facts)!, cancellationToken);
        }

        // 4
        await _finalizers.RemoveAsync(Kind, record, ClusterNames.RecordFinalizer, cancellationToken);
        return null;
    }

    private async Task DeleteOrKeepAsync(
        JsonObject record, string id, RecordDeletionFacts facts, JsonObject location, JsonObject policy, CancellationToken cancellationToken)
    {
        try
        {
            ResourceSet resources = await _resources.BindLocationAsync(location, cancellationToken);
            if (resources.Locations.Values.SingleOrDefault() is not { } bound)
            {
                throw new BackupException(
                    FailureReason.InvalidInput, $"BackupLocation {ObjectMetadata.Name(location)} cannot be used; its status says why.");
            }

            using IObjectStore store = repositories.OpenStore(bound, resources);
            BackupRepository repository = await BackupRepository.OpenAsync(store, cancellationToken);
            Inventory inventory = await repository.TakeInventoryAsync(cancellationToken);
            if (!inventory.Folders.Any(folder => folder.Id.Value == id))
            {
                // It is gone already, and so is what there was to decide.
                return;
            }

            if (RecordDeletion.WhyKept(facts with { Snapshot = Look(inventory, id, policy) }) is { } why)
            {
                await KeptAsync(record, id, why, cancellationToken);
                return;
            }

            await new DeleteRun(repository).ExecuteAsync(id, cancellationToken);
        }
        catch (BackupException e)
        {
            await events.RecordOnceAsync(
                Kind, record, EventType.Warning, "DeleteFailed", $"Snapshot {id} is not deleted yet: {e.Message}",
                $"{ObjectMetadata.Uid(record)}.{e.Reason}".ToLowerInvariant(), cancellationToken);
            throw;
        }

        logger.SnapshotDeleted(id);
        await events.RecordAsync(
            Kind, record, EventType.Normal, "SnapshotDeleted", $"Snapshot {id} was deleted with its record", cancellationToken);
    }

    private static RecordedSnapshot Look(Inventory inventory, string id, JsonObject policy)
    {
        Snapshot? snapshot = inventory.Snapshots.FirstOrDefault(s => s.Id.Value == id);
        return snapshot is null
            ? new RecordedSnapshot(IsReadable: false, IsOwn: false, IsGood: false, OtherGood: 0)
            : new RecordedSnapshot(
                IsReadable: true,
                OwnSnapshots.IsOf(policy, snapshot.Manifest),
                snapshot.IsGood,
                inventory.Snapshots.Count(other => other.Id != snapshot.Id
                    && other.IsGood
                    && other.Manifest.Policy == snapshot.Manifest.Policy
                    && other.Manifest.Etcd.ClusterId == snapshot.Manifest.Etcd.ClusterId));
    }

    private async Task KeptAsync(JsonObject record, string id, string why, CancellationToken cancellationToken)
    {
        logger.SnapshotKept(id, why);
        try
        {
            await events.RecordAsync(
                Kind,
                record,
                EventType.Warning,
                "SnapshotKept",
                $"Snapshot {id} stays in the repository: {why}. 'etcd-backup-agent delete' removes it.",
                cancellationToken);
        }
        catch (ApiStatusException e) when (e.Code == System.Net.HttpStatusCode.Forbidden)
        {
            // A namespace that is being deleted takes no new objects.
        }
    }

    /// <summary>What the record names, unless it is being deleted.</summary>
    private async Task<JsonObject?> FindAsync(
        ResourceKind kind, JsonObject record, string field, CancellationToken cancellationToken) =>
        ObjectMetadata.Find(record, "spec", field) is { Length: > 0 } name
        && await cluster.Client.FindAsync(kind, cluster.Namespace, name, cancellationToken) is { } item
        && !ObjectMetadata.IsBeingDeleted(item)
            ? item
            : null;

    private async Task<bool> IsGoingAsync(ResourceKind kind, string name, CancellationToken cancellationToken) =>
        await cluster.Client.FindAsync(kind, space: null, name, cancellationToken) is not { } item
        || ObjectMetadata.IsBeingDeleted(item);
}
