using System.Text.Json.Nodes;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Publishing;

/// <summary>Changes the status of objects, and writes nothing where nothing changes: a status that is written again and
/// again wakes everybody who watches it. Several processes write one status: what somebody else wrote meanwhile, as into
/// the conditions, is not lost.</summary>
internal sealed class StatusWriter(KubernetesClient client)
{
    /// <summary>Times that one change is tried at most; each time somebody else was faster.</summary>
    private const int AttemptsMax = 5;

    /// <summary>Applies a change to the status that the object has, and writes the fields that differ. If the object has
    /// another version by then, it is read again and the change applied to what is there.</summary>
    /// <param name="kind">The object's kind.</param>
    /// <param name="item">The object as it was read.</param>
    /// <param name="change">Changes a copy of its status, which may be empty; may be called more than once.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The object as it is then; <paramref name="item"/> itself if nothing differs.</returns>
    public async Task<JsonObject> ChangeAsync(
        ResourceKind kind, JsonObject item, Action<JsonObject> change, CancellationToken cancellationToken)
    {
        for (int attempt = 1; ; attempt++)
        {
            JsonObject before = item["status"] as JsonObject ?? [];
            JsonObject after = (JsonObject)before.DeepClone();
            change(after);
            JsonObject status = Difference(before, after);
            if (status.Count == 0)
            {
                return item;
            }

            try
            {
                return await WriteAsync(kind, item, status, cancellationToken);
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

    private Task<JsonObject> WriteAsync(
        ResourceKind kind, JsonObject item, JsonObject status, CancellationToken cancellationToken) =>
        client.MergePatchAsync(
            kind,
            ObjectMetadata.Namespace(item),
            ObjectMetadata.Name(item),
            "status",
            new JsonObject
            {
                ["metadata"] = new JsonObject { ["resourceVersion"] = ObjectMetadata.ResourceVersion(item) },
                ["status"] = status,
            },
            cancellationToken);

    /// <summary>The merge patch from one to the other, field by field at the top; null removes one.</summary>
    private static JsonObject Difference(JsonObject before, JsonObject after)
    {
        JsonObject patch = [];
        foreach ((string field, JsonNode? value) in after)
        {
            if (!JsonNode.DeepEquals(value, before[field]))
            {
                patch[field] = value?.DeepClone();
            }
        }

        foreach ((string field, _) in before)
        {
            if (!after.ContainsKey(field))
            {
                patch[field] = null;
            }
        }

        return patch;
    }
}
