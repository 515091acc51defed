using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.ChangeLog;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Keys;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.RestorePoints;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Kubernetes.Publishing;

namespace EtcdBackupAgent.Kubernetes.Catalogue;

/// <summary>Makes the records of one location in a cluster match its repository. The repository is the source of truth
/// and is only read.</summary>
/// <remarks>
/// <para>
/// 1. List the records and the policies, and read the location.
/// 2. Take the complete inventory of the repository. If that fails, or if it is not the pinned repository, change
///    nothing.
/// 3. Compare (<see cref="CataloguePlan"/>).
/// 4. Create the missing records: after a disaster, all those that the restored cluster does not have.
/// 5. Update the existing records.
/// 6. Remove the records whose snapshot is gone.
/// 7. Add missed backups to the status of the policies (<see cref="PolicyCatchUp"/>), and from when to when their
///    change logs can restore every second (<see cref="RestorableTime"/>).
/// 8. Write the location's status.
/// </para>
/// <para>
/// It needs three requests to the API server and one listing of the store, and one more of the change logs if a policy
/// has one. It writes only what differs, and the time of
/// the sync. Every step may be executed twice, even by two processes at once.
/// </para>
/// </remarks>
/// <param name="client">The cluster.</param>
/// <param name="openStore">Opens the store of a location with its Secret.</param>
/// <param name="time">The clock.</param>
internal sealed class CatalogueSync(
    KubernetesClient client, Func<BackupLocation, ResourceSet, IObjectStore> openStore, TimeProvider time)
{
    /// <summary>The greatest number of parallel writes: the thousands of records of a restored cluster would take
    /// minutes one after the other.</summary>
    private const int WritesInFlightMax = 16;

    private readonly RecordPublisher _records = new(client);

    /// <summary>Returns whether a record of this name was deleted and its deletion is still to be handled. Such a
    /// record is not created again.</summary>
    public Func<string, bool> IsAwaitingDeletion { get; init; } = static _ => false;

    private readonly StatusWriter _statuses = new(client);

    /// <param name="location">The location.</param>
    /// <param name="resources">The resources with its Secret.</param>
    /// <param name="cancellationToken">After a cancelled call, the next call does the remaining steps.</param>
    /// <exception cref="BackupException">The store failed, a request to the API server failed, or
    /// <see cref="FailureReason.ProtectionChanged"/>.</exception>
    public async Task<CatalogueReport> ExecuteAsync(
        BackupLocation location, ResourceSet resources, CancellationToken cancellationToken)
    {
        try
        {
            return await SyncAsync(location, resources, cancellationToken);
        }
        catch (Exception e) when (ApiFailure.IsKnown(e))
        {
            throw ApiFailure.From(client.Connection, $"update the records of BackupLocation {location.Name}", e);
        }
    }

    private async Task<CatalogueReport> SyncAsync(
        BackupLocation location, ResourceSet resources, CancellationToken cancellationToken)
    {
        // 1
        (string ns, string name) = (location.Name.Namespace, location.Name.Name);
        RecordObject[] records = await ListAsync(
            ClusterKinds.Record, ns, record => new RecordObject(record), cancellationToken);
        PolicyObject[] policies = await ListAsync(
            ClusterKinds.Policy, ns, policy => new PolicyObject(policy), cancellationToken);
        LocationObject item = new(await client.GetAsync(ClusterKinds.BackupLocation, ns, name, cancellationToken));

        // 2
        PolicyObject[] own = [.. policies.Where(p => p.Destination == name)];
        (Inventory inventory, IReadOnlyList<RestoreWindow> windows) = await TakeInventoryAsync(
            location, resources, item, own.Any(RestorableTime.IsWanted), cancellationToken);

        // 3
        CataloguePlan plan = CataloguePlan.Create(name, inventory, records, policies);

        // 4
        ParallelOptions several = new()
        {
            MaxDegreeOfParallelism = WritesInFlightMax,
            CancellationToken = cancellationToken,
        };
        CatalogueEntry[] absent =
            [.. plan.Missing.Where(missing => !IsAwaitingDeletion(ClusterNames.RecordOf(missing.Snapshot.Id.Value)))];
        await Parallel.ForEachAsync(absent, several, async (missing, stop) => await _records.PublishAsync(
            ns,
            name,
            missing.Snapshot.Manifest,
            missing.Snapshot.Verification,
            missing.Snapshot.Lock,
            missing.IsForeign,
            stop));

        // 5
        int changed = 0;
        await Parallel.ForEachAsync(plan.Present, several, async (present, stop) =>
        {
            if (await _records.RefreshAsync(present.Record, present.Entry.Snapshot, present.Entry.IsForeign, stop))
            {
                Interlocked.Increment(ref changed);
            }
        });

        // 6
        await Parallel.ForEachAsync(
            plan.Stale, several, async (record, stop) => await _records.RemoveAsync(record, stop));

        // 7
        foreach (PolicyObject policy in own)
        {
            await CatchUpAsync(policy, inventory, windows, cancellationToken);
        }

        // 8
        await _statuses.ChangeAsync(
            item, status => status.SetSynced(inventory, time.GetUtcNow()), cancellationToken);
        return new CatalogueReport
        {
            Inventory = inventory,
            Created = absent.Length,
            Changed = changed,
            Removed = plan.Stale.Count,
            NameTaken = plan.NameTaken,
        };
    }

    /// <summary>Checks that it is the pinned repository: with another one in its place, every record would look
    /// stale.</summary>
    private async Task<(Inventory Inventory, IReadOnlyList<RestoreWindow> Windows)> TakeInventoryAsync(
        BackupLocation location,
        ResourceSet resources,
        LocationObject item,
        bool withWindows,
        CancellationToken cancellationToken)
    {
        using IObjectStore store = openStore(location, resources);
        BackupRepository repository = await BackupRepository.OpenAsync(
            store, LocationSigning.Of(location, resources), time, cancellationToken);
        if (item.ReadPin() is { } pin && pin.RepositoryId != repository.Document.Id)
        {
            throw new BackupException(
                FailureReason.ProtectionChanged,
                $"The repository at {store.Address} is {repository.Document.Id}, but BackupLocation {location.Name} "
                + $"was pinned to {pin.RepositoryId} on {pin.PinnedAt:yyyy-MM-dd}: another repository was put in its "
                + "place. The records are left as they are.");
        }

        Inventory inventory = await repository.TakeInventoryAsync(cancellationToken);
        return (
            inventory,
            withWindows ? RestoreWindow.Of(inventory, await LogInventory.ReadAsync(store, cancellationToken)) : []);
    }

    private async Task CatchUpAsync(
        PolicyObject policy,
        Inventory inventory,
        IReadOnlyList<RestoreWindow> windows,
        CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        try
        {
            await _statuses.ChangeAsync(
                policy,
                status =>
                {
                    PolicyCatchUp.Apply(status, policy, inventory.History, now);
                    RestorableTime.Apply(status, policy, inventory.History, windows);
                },
                cancellationToken);
        }
        catch (ApiStatusException e) when (e.IsNotFound)
        {
            // It was deleted meanwhile.
        }
    }

    private async Task<T[]> ListAsync<T>(
        ResourceKind kind, string ns, Func<JsonObject, T> view, CancellationToken cancellationToken) =>
        [.. (await client.ListAsync(kind, ns, ResourceSelection.All, cancellationToken)).Items.Select(view)];
}
