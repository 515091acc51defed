using System.Text.Json.Nodes;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Publishing;

/// <summary>Changes the status of objects, and writes nothing if nothing changes: every write wakes all watchers of the
/// object. Several processes write the same status: what another process wrote meanwhile, for example into the
/// conditions, is not lost.</summary>
internal sealed class StatusWriter(KubernetesClient client)
{
    /// <summary>The greatest number of attempts for one change; each one failed because another writer changed the
    /// object first.</summary>
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

    /// <summary>Applies a change to the object's status, and writes the fields that differ. If the object has another
    /// version by then, it is read again and the change is applied to its new status.</summary>
    /// <param name="kind">The object's kind.</param>
    /// <param name="item">The object as it was read.</param>
    /// <param name="change">Changes a copy of the status, which may be empty. It may be called more than once.</param>
    /// <param name="cancellationToken">A cancelled call leaves the old status or the new one.</param>
    /// <returns>The resulting object, with the same JSON if nothing differs.</returns>
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
                    // It is another object of the same name, which the caller does not know.
                    throw;
                }

                item = now;
            }
        }
    }
}
