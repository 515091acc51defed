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
    private readonly FinalizerRemoval _finalizers = new(cluster.Client);

    public ResourceKind Kind => ClusterKinds.Record;

    /// <summary>Shared with the sync, which must not make these records again.</summary>
    public DeletedRecords DeletedRecords { get; init; } = new();

    public string? Fingerprint(JsonObject item) =>
        $"{ObjectMetadata.Uid(item)} {ObjectMetadata.IsBeingDeleted(item)} "
        + string.Join(' ', ObjectMetadata.Finalizers(item));

    public IReadOnlyList<RelatedKind> Related => [];

    /// <summary>One after the other: of the last two good snapshots, each is the other's reason to go.</summary>
    public int? WorkersMax => 1;

    public void Deleted(JsonObject last) => DeletedRecords.Add(new RecordObject(last));

    public async Task<TimeSpan?> ReconcileAsync(string name, CancellationToken cancellationToken)
    {
        // 1
        RecordObject? record = RecordObject.Of(
            await cluster.Client.FindAsync(Kind, cluster.Namespace, name, cancellationToken));
        if (DeletedRecords.Find(name) is { } last)
        {
            return await TakeUpAsync(last, record, cancellationToken);
        }

        // 2
        if (record is null)
        {
            return null;
        }

        if (!record.IsBeingDeleted)
        {
            await LeaveOrDeleteAsync(record, cancellationToken);
            return null;
        }

        if (!record.HasOurFinalizer)
        {
            return null;
        }

        // 3
        (RecordDeletionFacts facts, LocationObject? location, PolicyObject? policy) =
            await GatherAsync(record, cancellationToken);

        // 4
        string id = record.SnapshotId ?? "";
        if (RecordDeletion.NeedsRepository(facts))
        {
            await DeleteOrKeepAsync(record, id, facts, location!, policy!, cancellationToken);
        }
        else
        {
            await KeptAsync(record, id, RecordDeletion.WhyKept(facts)!, cancellationToken);
        }

        // 5
        await ReleaseAsync(record, cancellationToken);
        return null;
    }

    /// <summary>Step 1.</summary>
    /// <param name="last">The record that was deleted, as it was last.</param>
    /// <param name="there">What has its name now; null if nothing has.</param>
    /// <param name="cancellationToken">Ends it; it is done again then.</param>
    private async Task<TimeSpan?> TakeUpAsync(
        RecordObject last, RecordObject? there, CancellationToken cancellationToken)
    {
        string? why = there is { IsToDelete: false }
            ? "a record of its name was made again; delete that one, if you mean it"
            : (await GatherAsync(last, cancellationToken)).Facts is var facts && !RecordDeletion.NeedsRepository(facts)
                ? RecordDeletion.WhyKept(facts)
                : null;
        if (why is not null)
        {
            await KeptAsync(last, last.SnapshotId ?? "", why, cancellationToken);
        }
        else
        {
            try
            {
                there ??= new RecordObject(await cluster.Client.CreateAsync(
                    Kind,
                    cluster.Namespace,
                    RecordObject.ToDelete(last, time.GetUtcNow()).Json,
                    cancellationToken));
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
    private async Task LeaveOrDeleteAsync(RecordObject record, CancellationToken cancellationToken)
    {
        if (!record.IsToDelete)
        {
            await ReleaseAsync(record, cancellationToken);
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
                // It went meanwhile.
            }
        }
    }

    private async Task ReleaseAsync(RecordObject record, CancellationToken cancellationToken) =>
        await _finalizers.RemoveAsync(Kind, record.Json, ClusterNames.RecordFinalizer, cancellationToken);

    private async Task<(RecordDeletionFacts Facts, LocationObject? Location, PolicyObject? Policy)> GatherAsync(
        RecordObject record, CancellationToken cancellationToken)
    {
        LocationObject? location = LocationObject.Of(
            await FindStayingAsync(ClusterKinds.BackupLocation, record.Location, cancellationToken));
        PolicyObject? policy = PolicyObject.Of(
            await FindStayingAsync(ClusterKinds.Policy, record.Policy, cancellationToken));
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
                    FailureReason.InvalidInput, $"BackupLocation {location.Name} cannot be used; its status says why.");
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
                $"{record.Uid}.{e.Reason}".ToLowerInvariant(), cancellationToken);
            if (e.Reason == FailureReason.RepositoryUnsupported)
            {
                throw new TerminalFailure(e);
            }

            throw;
        }

        logger.SnapshotDeleted(id);
        await events.RecordAsync(
            Kind, record, EventType.Normal, "SnapshotDeleted", $"Snapshot {id} was deleted with its record", cancellationToken);
    }

    private static RecordedSnapshot Look(Inventory inventory, string id, PolicyObject policy)
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

    private async Task KeptAsync(RecordObject record, string id, string why, CancellationToken cancellationToken)
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
    private async Task<JsonObject?> FindStayingAsync(
        ResourceKind kind, string? name, CancellationToken cancellationToken) =>
        name is { Length: > 0 }
        && await cluster.Client.FindAsync(kind, cluster.Namespace, name, cancellationToken) is { } item
        && !ObjectMetadata.IsBeingDeleted(item)
            ? item
            : null;

    /// <summary>Whether what the record was in is gone or going. One that is younger than the record was made again
    /// after the record had gone with its predecessor.</summary>
    private async Task<bool> IsGoingAsync(
        ResourceKind kind, string name, RecordObject record, CancellationToken cancellationToken) =>
        await cluster.Client.FindAsync(kind, ns: null, name, cancellationToken) is not { } item
        || ObjectMetadata.IsBeingDeleted(item)
        || ObjectMetadata.CreatedAt(item) > record.CreatedAt;
}
