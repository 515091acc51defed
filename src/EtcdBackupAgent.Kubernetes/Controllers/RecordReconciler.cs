using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Retention;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Catalogue;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Kubernetes.Publishing;
using EtcdBackupAgent.Kubernetes.Reading;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Kubernetes.Controllers;

/// <summary>Deletes the snapshot of a record that was deleted, or keeps it where <see cref="RecordDeletion"/> says so; then lets the
/// record go.</summary>
/// <remarks>
/// <para>
/// Records have no finalizer, so a deleted one is gone at once. The watch reports the deletion (<see cref="Deleted"/>).
/// </para>
/// <para>
/// 1. A record that was deleted: if its snapshot may have to go, make the record again, with our finalizer, and delete
///    it. From here on the cluster keeps what was asked for, also while the store is away or this process is not
///    running.
/// 2. A record that nobody deleted: remove the finalizer that an older agent gave it.
/// 3. A record that is being deleted and has our finalizer: gather the facts. What cannot be found out is tried again,
///    and the record stays.
/// 4. Decide; delete the snapshot, or keep it; report which.
/// 5. Remove the finalizer.
/// </para>
/// </remarks>
internal sealed class RecordReconciler(
    ConnectedCluster cluster,
    RepositoryAccess repositories,
    EventRecorder events,
    TimeProvider time,
    ILogger logger) : IReconciler
{
    /// <summary>How soon to look again where the record was made by another in between.</summary>
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);

    private readonly ClusterResourceStore _resources = new(cluster);
    private readonly Finalizers _finalizers = new(cluster.Client);

    public ResourceKind Kind => ClusterKinds.Record;

    /// <summary>Shared with the sync, which must not make these records again.</summary>
    public DeletedRecords DeletedRecords { get; init; } = new();

    public string? Fingerprint(JsonObject item) =>
        $"{ObjectMetadata.Uid(item)} {ObjectMetadata.IsBeingDeleted(item)} {string.Join(' ', ObjectMetadata.Finalizers(item))}";

    public IReadOnlyList<RelatedKind> Related => [];

    /// <summary>One after the other: of the last two good snapshots, each is the other's reason to go.</summary>
    public int? WorkersMax => 1;

    public void Deleted(JsonObject last) => DeletedRecords.Add(last);

    public async Task<TimeSpan?> ReconcileAsync(string name, CancellationToken cancellationToken)
    {
        // 1
        JsonObject? record = await cluster.Client.FindAsync(Kind, cluster.Namespace, name, cancellationToken);
        if (DeletedRecords.Find(name) is { } last)
        {
            return await TakeUpAsync(last, record, cancellationToken);
        }

        // 2
        if (record is null)
        {
            return null;
        }

        if (!ObjectMetadata.IsBeingDeleted(record))
        {
            await LeaveOrDeleteAsync(record, cancellationToken);
            return null;
        }

        if (!ObjectMetadata.HasFinalizer(record, ClusterNames.RecordFinalizer))
        {
            return null;
        }

        // 3
        (RecordDeletionFacts facts, JsonObject? location, JsonObject? policy) =
            await GatherAsync(record, cancellationToken);

        // 4
        string id = RecordDocument.SnapshotOf(record) ?? "";
        if (RecordDeletion.NeedsRepository(facts))
        {
            await DeleteOrKeepAsync(record, id, facts, location!, policy!, cancellationToken);
        }
        else
        {
            await KeptAsync(record, id, RecordDeletion.WhyKept(facts)!, cancellationToken);
        }

        // 5
        await _finalizers.RemoveAsync(Kind, record, ClusterNames.RecordFinalizer, cancellationToken);
        return null;
    }

    /// <summary>Step 1.</summary>
    /// <param name="last">The record that was deleted, as it was last.</param>
    /// <param name="there">What has its name now; null if nothing has.</param>
    /// <param name="cancellationToken">Ends it; it is done again then.</param>
    private async Task<TimeSpan?> TakeUpAsync(JsonObject last, JsonObject? there, CancellationToken cancellationToken)
    {
        string? why = there is not null && !RecordDocument.IsToDelete(there)
            ? "a record of its name was made again; delete that one, if you mean it"
            : (await GatherAsync(last, cancellationToken)).Facts is var facts && !RecordDeletion.NeedsRepository(facts)
                ? RecordDeletion.WhyKept(facts)
                : null;
        if (why is not null)
        {
            await KeptAsync(last, RecordDocument.SnapshotOf(last) ?? "", why, cancellationToken);
        }
        else
        {
            try
            {
                there ??= await cluster.Client.CreateAsync(
                    Kind, cluster.Namespace, RecordDocument.ToDelete(last, time.GetUtcNow()), cancellationToken);
            }
            catch (ApiStatusException e) when (e.IsAlreadyExists)
            {
                return LookAgain;
            }

            await LeaveOrDeleteAsync(there, cancellationToken);
        }

        DeletedRecords.Remove(last);
        return null;
    }

    /// <summary>Deletes a record that is there to be deleted; from any other it removes our finalizer.</summary>
    private async Task LeaveOrDeleteAsync(JsonObject record, CancellationToken cancellationToken)
    {
        if (!RecordDocument.IsToDelete(record))
        {
            await _finalizers.RemoveAsync(Kind, record, ClusterNames.RecordFinalizer, cancellationToken);
        }
        else if (!ObjectMetadata.IsBeingDeleted(record))
        {
            try
            {
                await cluster.Client.DeleteAsync(
                    Kind,
                    cluster.Namespace,
                    ObjectMetadata.Name(record),
                    new DeletePrecondition(Uid: ObjectMetadata.Uid(record)),
                    cancellationToken);
            }
            catch (ApiStatusException e) when (e.IsNotFound)
            {
                // It went meanwhile.
            }
        }
    }

    private async Task<(RecordDeletionFacts Facts, JsonObject? Location, JsonObject? Policy)> GatherAsync(
        JsonObject record, CancellationToken cancellationToken)
    {
        JsonObject? location = await FindAsync(ClusterKinds.BackupLocation, record, "backuploc", cancellationToken);
        JsonObject? policy = await FindAsync(ClusterKinds.Policy, record, "policy", cancellationToken);
        RecordDeletionFacts facts = new()
        {
            IsNamespaceGoing = await IsGoingAsync(ClusterKinds.Namespace, cluster.Namespace, record, cancellationToken),
            IsDefinitionGoing = await IsGoingAsync(
                ClusterKinds.CustomResourceDefinition, $"{Kind.Plural}.{Kind.Group}", record, cancellationToken),
            HasLocation = location is not null,
            HasPolicy = policy is not null,
        };
        return (facts, location, policy);
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
        OwnSnapshots own = PolicySnapshots.Of(policy, inventory.History);
        return snapshot is null
            ? new RecordedSnapshot(IsReadable: false, IsOwn: false, IsGood: false, OtherGood: 0)
            : new RecordedSnapshot(
                IsReadable: true,
                own.Contains(snapshot),
                snapshot.IsGood,
                inventory.Snapshots.Count(other => other.Id != snapshot.Id && other.IsGood && own.Contains(other)));
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

    /// <summary>Whether what the record was in is gone or going. One that is younger than the record was made again
    /// after the record had gone with its predecessor.</summary>
    private async Task<bool> IsGoingAsync(
        ResourceKind kind, string name, JsonObject record, CancellationToken cancellationToken) =>
        await cluster.Client.FindAsync(kind, ns: null, name, cancellationToken) is not { } item
        || ObjectMetadata.IsBeingDeleted(item)
        || ObjectMetadata.CreatedAt(item) > ObjectMetadata.CreatedAt(record);
}
