using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Keys;
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

/// <summary>Deletes the snapshot of a deleted record, or keeps it if <see cref="RecordDeletion"/> decides so; then
/// removes the finalizer from the record.</summary>
/// <remarks>
/// <para>
/// Records have no finalizer, so a deleted record disappears at once. The watch reports the deletion
/// (<see cref="Deleted"/>).
/// </para>
/// <para>
/// 1. A deleted record: if its snapshot may have to be deleted, create the record again with the agent's finalizer, and
///    delete it. The cluster then keeps the request, even while the store is unreachable or this process is not
///    running.
/// 2. A record that is not deleted: remove the finalizer that an older agent added.
/// 3. A record that is being deleted and has the agent's finalizer: collect the facts. If that fails, it is retried,
///    and the record stays.
/// 4. Decide, delete or keep the snapshot, and report the decision.
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
    /// <summary>How soon to reconcile again if another process created the record meanwhile.</summary>
    private static readonly TimeSpan RecheckDelay = TimeSpan.FromSeconds(1);

    private readonly ClusterResourceStore _resources = new(cluster);
    private readonly FinalizerRemoval _finalizers = new(cluster.Client);

    public ResourceKind Kind => ClusterKinds.Record;

    /// <summary>Shared with the sync, which must not create these records again.</summary>
    public DeletedRecords DeletedRecords { get; init; } = new();

    public string? Fingerprint(JsonObject item) =>
        $"{ObjectMetadata.Uid(item)} {ObjectMetadata.IsBeingDeleted(item)} "
        + string.Join(' ', ObjectMetadata.Finalizers(item));

    public IReadOnlyList<RelatedKind> Related => [];

    /// <summary>One record at a time: with two good snapshots left, each would be deleted because of the
    /// other.</summary>
    public int? WorkersMax => 1;

    public void Deleted(JsonObject last) => DeletedRecords.Add(new RecordObject(last));

    public async Task<TimeSpan?> ReconcileAsync(string name, CancellationToken cancellationToken)
    {
        // 1
        RecordObject? record = RecordObject.Of(
            await cluster.Client.FindAsync(Kind, cluster.Namespace, name, cancellationToken));
        if (DeletedRecords.Find(name) is { } last)
        {
            return await HandleDeletionAsync(last, record, cancellationToken);
        }

        // 2
        if (record is null)
        {
            return null;
        }

        if (!record.IsBeingDeleted)
        {
            await DeleteOrReleaseAsync(record, cancellationToken);
            return null;
        }

        if (!record.HasAgentFinalizer)
        {
            return null;
        }

        // 3
        (RecordDeletionFacts facts, LocationObject? location, PolicyObject? policy) =
            await CollectFactsAsync(record, cancellationToken);

        // 4
        string id = record.SnapshotId ?? "";
        if (RecordDeletion.NeedsRepository(facts))
        {
            await DeleteOrKeepAsync(record, id, facts, location!, policy!, cancellationToken);
        }
        else
        {
            await ReportKeptAsync(record, id, RecordDeletion.ReasonToKeep(facts)!, cancellationToken);
        }

        // 5
        await RemoveFinalizerAsync(record, cancellationToken);
        return null;
    }

    /// <summary>Step 1.</summary>
    /// <param name="last">The last state of the deleted record.</param>
    /// <param name="existing">The record that has the name now; null if there is none.</param>
    /// <param name="cancellationToken">A cancelled call leaves the deletion noted, and the next call repeats the
    /// step.</param>
    private async Task<TimeSpan?> HandleDeletionAsync(
        RecordObject last, RecordObject? existing, CancellationToken cancellationToken)
    {
        string? why = existing is { IsForDeletion: false }
            ? "a record of the same name was created again; delete that record to delete the snapshot"
            : (await CollectFactsAsync(last, cancellationToken)).Facts is var facts
                && !RecordDeletion.NeedsRepository(facts)
                ? RecordDeletion.ReasonToKeep(facts)
                : null;
        if (why is not null)
        {
            await ReportKeptAsync(last, last.SnapshotId ?? "", why, cancellationToken);
        }
        else
        {
            try
            {
                existing ??= new RecordObject(await cluster.Client.CreateAsync(
                    Kind,
                    cluster.Namespace,
                    RecordObject.ForDeletion(last, time.GetUtcNow()).Json,
                    cancellationToken));
            }
            catch (ApiStatusException e) when (e.IsAlreadyExists)
            {
                return RecheckDelay;
            }

            await DeleteOrReleaseAsync(existing, cancellationToken);
        }

        DeletedRecords.Remove(last);
        return null;
    }

    /// <summary>Deletes a record that was created in order to be deleted; from any other record it removes the agent's
    /// finalizer.</summary>
    private async Task DeleteOrReleaseAsync(RecordObject record, CancellationToken cancellationToken)
    {
        if (!record.IsForDeletion)
        {
            await RemoveFinalizerAsync(record, cancellationToken);
        }
        else if (!record.IsBeingDeleted)
        {
            try
            {
                await cluster.Client.DeleteAsync(
                    Kind,
                    cluster.Namespace,
                    record.Name,
                    new DeletePrecondition(Uid: record.Uid),
                    cancellationToken);
            }
            catch (ApiStatusException e) when (e.IsNotFound)
            {
                // It was removed meanwhile.
            }
        }
    }

    private async Task RemoveFinalizerAsync(RecordObject record, CancellationToken cancellationToken) =>
        await _finalizers.RemoveAsync(Kind, record.Json, ClusterNames.RecordFinalizer, cancellationToken);

    private async Task<(RecordDeletionFacts Facts, LocationObject? Location, PolicyObject? Policy)> CollectFactsAsync(
        RecordObject record, CancellationToken cancellationToken)
    {
        LocationObject? location = LocationObject.Of(
            await FindRemainingAsync(ClusterKinds.BackupLocation, record.Location, cancellationToken));
        PolicyObject? policy = PolicyObject.Of(
            await FindRemainingAsync(ClusterKinds.Policy, record.Policy, cancellationToken));
        RecordDeletionFacts facts = new()
        {
            IsNamespaceBeingDeleted = await IsBeingDeletedAsync(
                ClusterKinds.Namespace, cluster.Namespace, record, cancellationToken),
            IsDefinitionBeingDeleted = await IsBeingDeletedAsync(
                ClusterKinds.CustomResourceDefinition, $"{Kind.Plural}.{Kind.Group}", record, cancellationToken),
            HasLocation = location is not null,
            HasPolicy = policy is not null,
        };
        return (facts, location, policy);
    }

    private async Task DeleteOrKeepAsync(
        RecordObject record,
        string id,
        RecordDeletionFacts facts,
        LocationObject location,
        PolicyObject policy,
        CancellationToken cancellationToken)
    {
        try
        {
            ResourceSet resources = await _resources.BindLocationAsync(location, cancellationToken);
            if (resources.Locations.Values.SingleOrDefault() is not { } bound)
            {
                throw new BackupException(
                    FailureReason.InvalidInput,
                    $"BackupLocation {location.Name} cannot be used; its status gives the reason.");
            }

            using IObjectStore store = repositories.OpenStore(bound, resources);
            BackupRepository repository = await BackupRepository.OpenAsync(
                store, LocationSigning.Of(bound, resources), time, cancellationToken);
            Inventory inventory = await repository.TakeInventoryAsync(cancellationToken);
            if (!inventory.Folders.Any(folder => folder.Id.Value == id))
            {
                // The snapshot is already gone, and there is nothing to decide.
                return;
            }

            if (RecordDeletion.ReasonToKeep(facts with { Snapshot = Describe(inventory, id, policy) }) is { } why)
            {
                await ReportKeptAsync(record, id, why, cancellationToken);
                return;
            }

            await new DeleteRun(repository, repositories.AgentVersion).ExecuteAsync(id, cancellationToken);
        }
        catch (BackupException e)
        {
            await events.RecordOnceAsync(
                Kind, record, EventType.Warning, "DeleteFailed", $"Snapshot {id} is not deleted yet: {e.Message}",
                $"{record.Uid}.{e.Reason}".ToLowerInvariant(), cancellationToken);
            if (e.Reason == FailureReason.RepositoryUnsupported)
            {
                throw new TerminalFailure(e);
            }

            throw;
        }

        logger.SnapshotDeleted(id);
        await events.RecordAsync(
            Kind,
            record,
            EventType.Normal,
            "SnapshotDeleted",
            $"Snapshot {id} was deleted with its record",
            cancellationToken);
    }

    private static RecordedSnapshot Describe(Inventory inventory, string id, PolicyObject policy)
    {
        Snapshot? snapshot = inventory.Snapshots.FirstOrDefault(s => s.Id.Value == id);
        OwnSnapshots own = PolicySnapshots.Of(policy, inventory.History);
        return snapshot is null
            ? new RecordedSnapshot(IsReadable: false, IsOwn: false, IsGood: false, OtherGood: 0)
            : new RecordedSnapshot(
                IsReadable: true,
                own.Contains(snapshot),
                snapshot.IsGood,
                inventory.Snapshots.Count(other => other.Id != snapshot.Id && other.IsGood && own.Contains(other)))
            {
                Dependents =
                [
                    .. inventory.Snapshots
                        .Where(other => other.Manifest.Base?.Id == snapshot.Id)
                        .Select(other => other.Id.Value),
                ],
            };
    }

    private async Task ReportKeptAsync(RecordObject record, string id, string why, CancellationToken cancellationToken)
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
            // A namespace that is being deleted accepts no new objects.
        }
    }

    /// <summary>Returns the object that the record names, unless it is being deleted.</summary>
    private async Task<JsonObject?> FindRemainingAsync(
        ResourceKind kind, string? name, CancellationToken cancellationToken) =>
        name is { Length: > 0 }
        && await cluster.Client.FindAsync(kind, cluster.Namespace, name, cancellationToken) is { } item
        && !ObjectMetadata.IsBeingDeleted(item)
            ? item
            : null;

    /// <summary>Whether the record's namespace or definition is deleted or being deleted. Unless it is older
    /// than the record, it may have been created again after the record was deleted with its predecessor.</summary>
    private async Task<bool> IsBeingDeletedAsync(
        ResourceKind kind, string name, RecordObject record, CancellationToken cancellationToken) =>
        await cluster.Client.FindAsync(kind, ns: null, name, cancellationToken) is not { } item
        || ObjectMetadata.IsBeingDeleted(item)
        || !ObjectMetadata.IsProvedOlder(item, record.Json);
}
