using System.Text.Json.Nodes;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Publishing;

/// <summary>Removes one finalizer of an object and leaves the others as they are.</summary>
internal sealed class FinalizerRemoval(KubernetesClient client)
{
    /// <summary>Removes the finalizer if the object has it. If the object is being deleted, it may disappear
    /// afterwards.</summary>
    /// <returns>The resulting object.</returns>
    /// <exception cref="ApiStatusException">A conflict, if the object has changed; the caller then has to read it
    /// again.</exception>
    public async Task<JsonObject> RemoveAsync(
        ResourceKind kind, JsonObject item, string finalizer, CancellationToken cancellationToken)
    {
        if (!ObjectMetadata.HasFinalizer(item, finalizer))
        {
            return item;
        }

        try
        {
            return await WriteAsync(
                kind, item, [.. ObjectMetadata.Finalizers(item).Where(one => one != finalizer)], cancellationToken);
        }
        catch (ApiStatusException e) when (e.IsNotFound)
        {
            // Another writer removed the finalizer, and the object is gone.
            return item;
        }
    }

    private Task<JsonObject> WriteAsync(
        ResourceKind kind, JsonObject item, IReadOnlyList<string> finalizers, CancellationToken cancellationToken)
    {
        JsonObject metadata = new()
        {
            ["resourceVersion"] = ObjectMetadata.ResourceVersion(item),
            ["finalizers"] = new JsonArray([.. finalizers.Select(one => JsonValue.Create(one))]),
        };
        return client.MergePatchAsync(
            kind,
            ObjectMetadata.Namespace(item),
            ObjectMetadata.Name(item),
            subresource: null,
            new JsonObject { ["metadata"] = metadata },
            cancellationToken);
    }
}
