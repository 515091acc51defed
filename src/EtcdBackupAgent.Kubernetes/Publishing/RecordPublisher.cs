using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Publishing;

/// <summary>Creates and removes the records of snapshots. Every operation may be repeated after it was interrupted. It
/// never touches a snapshot.</summary>
internal sealed class RecordPublisher(KubernetesClient client)
{
    private readonly StatusWriter _statuses = new(client);
    private readonly FinalizerRemoval _finalizers = new(client);

    /// <summary>Creates the record of a snapshot, if no record of its name exists, and fills in its status.</summary>
    /// <param name="ns">The namespace.</param>
    /// <param name="location">The name of the location.</param>
    /// <param name="manifest">The snapshot.</param>
    /// <param name="verification">The result of its last deep verification; null if there was none.</param>
    /// <param name="locked">The lock of the snapshot; null if it has none, or if it is not known yet.</param>
    /// <param name="isForeign">See <see cref="ClusterNames.ForeignLabel"/>.</param>
    /// <param name="cancellationToken">A cancelled call may leave a record without a status; a repeated call completes
    /// it.</param>
    /// <returns>False if the name belongs to a snapshot of another location, which is left as it is.</returns>
    public async Task<bool> PublishAsync(
        string ns,
        string location,
        SnapshotManifest manifest,
        VerificationRecord? verification,
        ObjectLock? locked,
        bool isForeign,
        CancellationToken cancellationToken)
    {
        RecordObject record = await CreateAsync(
            ns, RecordObject.New(ns, location, manifest, isForeign), cancellationToken);
        if (record.Location != location)
        {
            return false;
        }

        await _statuses.ChangeAsync(record, status => status.Set(manifest, verification, locked), cancellationToken);
        return true;
    }

    /// <summary>Updates a record with what is currently known about its snapshot.</summary>
    /// <returns>Whether the record was changed.</returns>
    public async Task<bool> RefreshAsync(
        RecordObject record, Snapshot snapshot, bool isForeign, CancellationToken cancellationToken)
    {
        try
        {
            RecordObject labelled = record.IsForeign == isForeign
                ? record
                : await PatchAsync(record, RecordObject.ForeignPatch(isForeign), cancellationToken);
            RecordObject now = await _statuses.ChangeAsync(
                labelled,
                status => status.Set(snapshot.Manifest, snapshot.Verification, snapshot.Lock),
                cancellationToken);
            return !ReferenceEquals(now.Json, record.Json);
        }
        catch (ApiStatusException e) when (e.IsNotFound)
        {
            // It was removed meanwhile, with its snapshot or without.
            return false;
        }
    }

    /// <summary>Removes the record of a snapshot that is gone.</summary>
    public async Task RemoveAsync(string ns, string location, SnapshotId id, CancellationToken cancellationToken)
    {
        string name = ClusterNames.RecordOf(id.Value);
        if (RecordObject.Of(await client.FindAsync(ClusterKinds.Record, ns, name, cancellationToken)) is { } record
            && record.Location == location)
        {
            await RemoveAsync(record, cancellationToken);
        }
    }

    /// <summary>Removes a record whose snapshot is gone.</summary>
    /// <remarks>
    /// 1. Mark it as a record whose snapshot is gone, so that its deletion does not cause a search for data to delete;
    ///    and remove the agent's finalizer if it has one.
    /// 2. Delete exactly this record.
    /// </remarks>
    public async Task RemoveAsync(RecordObject record, CancellationToken cancellationToken)
    {
        try
        {
            // 1
            await _finalizers.RemoveAsync(
                ClusterKinds.Record,
                (await MarkAsync(record, cancellationToken)).Json,
                ClusterNames.RecordFinalizer,
                cancellationToken);

            // 2
            await client.DeleteAsync(
                ClusterKinds.Record,
                record.Namespace,
                record.Name,
                new DeletePrecondition(Uid: record.Uid),
                cancellationToken);
        }
        catch (ApiStatusException e) when (e.IsNotFound)
        {
            // Another writer removed it; without a finalizer, a record that is being deleted disappears at once.
        }
    }

    private async Task<RecordObject> MarkAsync(RecordObject record, CancellationToken cancellationToken) =>
        record.IsSnapshotGone
            ? record
            : await PatchAsync(record, record.SnapshotGonePatch(), cancellationToken);

    private async Task<RecordObject> PatchAsync(
        RecordObject record, JsonObject patch, CancellationToken cancellationToken) => new(
            await client.MergePatchAsync(
                ClusterKinds.Record, record.Namespace, record.Name, subresource: null, patch, cancellationToken));

    /// <summary>Returns the created record, or the existing one.</summary>
    private async Task<RecordObject> CreateAsync(string ns, RecordObject record, CancellationToken cancellationToken)
    {
        try
        {
            return new RecordObject(
                await client.CreateAsync(ClusterKinds.Record, ns, record.Json, cancellationToken));
        }
        catch (ApiStatusException e) when (e.IsAlreadyExists)
        {
            return new RecordObject(
                await client.GetAsync(ClusterKinds.Record, ns, record.Name, cancellationToken));
        }
    }
}
