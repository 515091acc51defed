using System.Text.Json.Nodes;

namespace EtcdBackupAgent.Kubernetes.Objects;

/// <summary>The two parts of an object beside its metadata: what is asked for, and what is.</summary>
internal static class ObjectSections
{
    private const string StatusField = "status";

    /// <summary>Null if there is none.</summary>
    public static JsonObject? Specification(JsonObject item) => ObjectFields.Object(item, "spec");

    /// <summary>An empty one, which is not the object's, if there is none.</summary>
    public static JsonObject Status(JsonObject item) => ObjectFields.Object(item, StatusField) ?? [];

    /// <summary>The merge patch of an object from one status to the other, field by field at the top, for an object
    /// that is still of its version. Null if nothing differs.</summary>
    public static JsonObject? StatusPatch(JsonObject item, JsonObject after)
    {
        JsonObject before = Status(item);
        JsonObject fields = [];
        foreach ((string field, JsonNode? value) in after)
        {
            if (!JsonNode.DeepEquals(value, before[field]))
            {
                fields[field] = value?.DeepClone();
            }
        }

        foreach ((string field, _) in before)
        {
            if (!after.ContainsKey(field))
            {
                fields[field] = null;
            }
        }

        return fields.Count == 0
            ? null
            : new JsonObject
            {
                ["metadata"] = new JsonObject { ["resourceVersion"] = ObjectMetadata.ResourceVersion(item) },
                [StatusField] = fields,
            };
    }
}
