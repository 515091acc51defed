using System.Text.Json.Nodes;

namespace EtcdBackupAgent.Kubernetes.Objects;

/// <summary>Several objects in one document: a page of an API server's list, or a <c>v1</c> List.</summary>
internal static class ObjectList
{
    private const string ItemsField = "items";

    public static JsonObject New(params ReadOnlySpan<JsonObject> items)
    {
        JsonArray list = [];
        foreach (JsonObject item in items)
        {
            list.Add((JsonNode)item);
        }

        return new JsonObject { ["apiVersion"] = "v1", ["kind"] = "List", [ItemsField] = list };
    }

    public static IEnumerable<JsonObject> Items(JsonObject list) => ObjectFields.Objects(list, ItemsField);

    /// <summary>Returns the token for the next page; null or empty if this is the last page.</summary>
    public static string? Continue(JsonObject list) => ObjectFields.Text(list, "metadata", "continue");

    /// <summary>Sets the kind of an item of a server's list, and returns the item.</summary>
    public static JsonObject WithKind(JsonObject item, string apiVersion, string kind)
    {
        item["apiVersion"] = apiVersion;
        item["kind"] = kind;
        return item;
    }

    /// <summary>Returns the kind of an item of a List; items of a server's list have no kind.</summary>
    public static string? KindOf(JsonObject item) => ObjectFields.Text(item, "kind");
}
