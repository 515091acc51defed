using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Publishing;

/// <summary>Makes and removes the records of snapshots. Everything here may be done again after it was half done. It
/// never touches a snapshot.</summary>
internal sealed class RecordPublisher(KubernetesClient client)
{
    private readonly StatusWriter _statuses = new(client);
    private readonly Finalizers _finalizers = new(client);

    /// <summary>Makes the record of a snapshot, if there is none of its name, and fills in its status.</summary>
    /// <param name="ns">The namespace.</param>
    /// <param name="location">Name of the location.</param>
    /// <param name="manifest">The snapshot.</param>
    /// <param name="verification">What its last deep verification found; null if there was none.</param>
    /// <param name="isForeign">See <see cref="ClusterNames.ForeignLabel"/>.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>False if the name belongs to a snapshot of another location, which is left as it is.</returns>
    public async Task<bool> PublishAsync(
        string ns,
        string location,
        SnapshotManifest manifest,
        VerificationRecord? verification,
        bool isForeign,
        CancellationToken cancellationToken)
    {
        JsonObject record = await CreateAsync(
            ns, RecordDocument.New(ns, location, manifest, isForeign), cancellationToken);
        if (!RecordDocument.IsOf(record, location))
        {
            return false;
        }

        await _statuses.ChangeAsync(
            ClusterKinds.Record,
            record,
            status => RecordDocument.SetStatus(status, manifest, verification),
            cancellationToken);
        return true;
    }

    /// <summary>Makes a record say what is known of its snapshot by now.</summary>
    /// <returns>Whether it said something else.</returns>
    public async Task<bool> RefreshAsync(
        JsonObject record, Snapshot snapshot, bool isForeign, CancellationToken cancellationToken)
    {
        try
        {
            JsonObject labelled = RecordDocument.IsForeign(record) == isForeign
                ? record
                : await client.MergePatchAsync(
                    ClusterKinds.Record,
                    ObjectMetadata.Namespace(record),
                    ObjectMetadata.Name(record),
                    subresource: null,
                    RecordDocument.ForeignPatch(isForeign),
                    cancellationToken);
            JsonObject now = await _statuses.ChangeAsync(
                ClusterKinds.Record,
                labelled,
                status => RecordDocument.SetStatus(status, snapshot.Manifest, snapshot.Verification),
                cancellationToken);
            return !ReferenceEquals(now, record);
        }
        catch (ApiStatusException e) when (e.IsNotFound)
        {
            // Removed meanwhile, with its snapshot or without.
            return false;
        }
    }

    /// <summary>Removes the record of a snapshot that is gone.</summary>
    public async Task RemoveAsync(string ns, string location, SnapshotId id, CancellationToken cancellationToken)
    {
        string name = ClusterNames.RecordOf(id.Value);
        if (await client.FindAsync(ClusterKinds.Record, ns, name, cancellationToken) is { } record
            && RecordDocument.IsOf(record, location))
        {
            await RemoveAsync(record, cancellationToken);
        }
    }

    /// <summary>Removes a record whose snapshot is gone.</summary>
    /// <remarks>
    /// 1. Note on it that the snapshot is gone, so that the deletion is no reason to look for data to delete; and take
    ///    our finalizer away, if it has that.
    /// 2. Delete that very record.
    /// </remarks>
    public async Task RemoveAsync(JsonObject record, CancellationToken cancellationToken)
    {
        string ns = ObjectMetadata.Namespace(record);
        string name = ObjectMetadata.Name(record);
        try
        {
            // 1
            await _finalizers.RemoveAsync(
                ClusterKinds.Record,
                await MarkAsync(record, cancellationToken),
                ClusterNames.RecordFinalizer,
                cancellationToken);

            // 2
            await client.DeleteAsync(
                ClusterKinds.Record, ns, name, new DeletePrecondition(Uid: ObjectMetadata.Uid(record)), cancellationToken);
        }
        catch (ApiStatusException e) when (e.IsNotFound)
        {
            // Somebody else removed it; without a finalizer a record that was being deleted goes at once.
        }
    }

    private async Task<JsonObject> MarkAsync(JsonObject record, CancellationToken cancellationToken) =>
        RecordDocument.IsSnapshotGone(record)
            ? record
            : await client.MergePatchAsync(
                ClusterKinds.Record,
                ObjectMetadata.Namespace(record),
                ObjectMetadata.Name(record),
                subresource: null,
                new JsonObject
                {
                    ["metadata"] = new JsonObject
                    {
                        ["resourceVersion"] = ObjectMetadata.ResourceVersion(record),
                        ["annotations"] = new JsonObject { [ClusterNames.SnapshotGoneAnnotation] = "true" },
                    },
                },
                cancellationToken);

    /// <summary>The record as it was made, or as it is there.</summary>
    private async Task<JsonObject> CreateAsync(string ns, JsonObject record, CancellationToken cancellationToken)
    {
        try
        {
            return await client.CreateAsync(ClusterKinds.Record, ns, record, cancellationToken);
        }
        catch (ApiStatusException e) when (e.IsAlreadyExists)
        {
            return await client.GetAsync(ClusterKinds.Record, ns, ObjectMetadata.Name(record), cancellationToken);
        }
    }
}
