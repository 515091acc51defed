using System.Text.Json.Nodes;

namespace EtcdBackupAgent.Kubernetes.Objects;

/// <summary>Reads the two parts of an object beside its metadata: the specification (the wanted state) and the status
/// (the actual state).</summary>
internal static class ObjectSections
{
    private const string StatusField = "status";

    /// <summary>Returns the specification; null if there is none.</summary>
    public static JsonObject? Specification(JsonObject item) => ObjectFields.Object(item, "spec");

    /// <summary>Returns the status. If there is none, returns an empty one that is not part of the object.</summary>
    public static JsonObject Status(JsonObject item) => ObjectFields.Object(item, StatusField) ?? [];

    /// <summary>Returns the merge patch from the object's status to another one, which compares the top-level fields
    /// and applies only to this version of the object. Null if nothing differs.</summary>
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
