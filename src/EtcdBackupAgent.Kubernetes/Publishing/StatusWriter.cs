using System.Text.Json.Nodes;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Publishing;

/// <summary>Changes the status of objects, and writes nothing where nothing changes: a status that is written again
/// and again wakes everything that watches it. Several processes write one status: what another one wrote meanwhile,
/// as into the conditions, is not lost.</summary>
internal sealed class StatusWriter(KubernetesClient client)
{
    /// <summary>Times that one change is tried at most; each time another writer was faster.</summary>
    private const int AttemptsMax = 5;

    /// <inheritdoc cref="ChangeAsync(ResourceKind, JsonObject, Action{JsonObject}, CancellationToken)"/>
    public async Task<PolicyObject> ChangeAsync(
        PolicyObject policy, Action<PolicyStatus> change, CancellationToken cancellationToken) => new(
            await ChangeAsync(ClusterKinds.Policy, policy.Json, status => change(new(status)), cancellationToken));

    /// <inheritdoc cref="ChangeAsync(ResourceKind, JsonObject, Action{JsonObject}, CancellationToken)"/>
    public async Task<LocationObject> ChangeAsync(
        LocationObject location, Action<LocationStatus> change, CancellationToken cancellationToken) => new(
            await ChangeAsync(
                ClusterKinds.BackupLocation, location.Json, status => change(new(status)), cancellationToken));

    /// <inheritdoc cref="ChangeAsync(ResourceKind, JsonObject, Action{JsonObject}, CancellationToken)"/>
    public async Task<RecordObject> ChangeAsync(
        RecordObject record, Action<RecordStatus> change, CancellationToken cancellationToken) => new(
            await ChangeAsync(ClusterKinds.Record, record.Json, status => change(new(status)), cancellationToken));

    /// <inheritdoc cref="ChangeAsync(ResourceKind, JsonObject, Action{JsonObject}, CancellationToken)"/>
    public async Task<RestoreObject> ChangeAsync(
        RestoreObject restore, Action<RestoreStatus> change, CancellationToken cancellationToken) => new(
            await ChangeAsync(ClusterKinds.Restore, restore.Json, status => change(new(status)), cancellationToken));

    /// <summary>Applies a change to the status that the object has, and writes the fields that differ. If the object has
    /// another version by then, it is read again and the change applied to what is there.</summary>
    /// <param name="kind">The object's kind.</param>
    /// <param name="item">The object as it was read.</param>
    /// <param name="change">Changes a copy of its status, which may be empty; may be called more than once.</param>
    /// <param name="cancellationToken">Leaves the status as it is, or as it was written.</param>
    /// <returns>The object as it is then, with the same JSON if nothing differs.</returns>
    private async Task<JsonObject> ChangeAsync(
        ResourceKind kind, JsonObject item, Action<JsonObject> change, CancellationToken cancellationToken)
    {
        for (int attempt = 1; ; attempt++)
        {
            JsonObject after = (JsonObject)ObjectSections.Status(item).DeepClone();
            change(after);
            if (ObjectSections.StatusPatch(item, after) is not { } patch)
            {
                return item;
            }

            try
            {
                return await client.MergePatchAsync(
                    kind,
                    ObjectMetadata.Namespace(item),
                    ObjectMetadata.Name(item),
                    "status",
                    patch,
                    cancellationToken);
            }
            catch (ApiStatusException e) when (e.IsConflict && attempt < AttemptsMax)
            {
                JsonObject now = await client.GetAsync(
                    kind, ObjectMetadata.Namespace(item), ObjectMetadata.Name(item), cancellationToken);
                if (ObjectMetadata.Uid(now) != ObjectMetadata.Uid(item))
                {
                    // Another object of the same name, of which the caller knows nothing.
                    throw;
                }

                item = now;
            }
        }
    }
}
