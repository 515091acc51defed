using System.Text.Json;
using System.Text.Json.Nodes;

namespace EtcdBackupAgent.Objects.Json;

/// <summary>Fields of documents that may have any form.</summary>
internal static class JsonFields
{
    /// <summary>Returns a field that is a text; null for anything else.</summary>
    public static string? Text(this JsonObject node, string name) => TextOf(node[name]);

    public static string? TextOf(JsonNode? node) =>
        node is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : null;

    public static bool IsTrue(this JsonObject node, string name) =>
        node[name] is JsonValue value && value.GetValueKind() == JsonValueKind.True;

    /// <summary>Returns the items of a field that is a list; none for anything else.</summary>
    public static IEnumerable<JsonNode?> Items(this JsonObject node, string name) => node[name] as JsonArray ?? [];

    /// <summary>Returns the object at the end of a path; null if there is none.</summary>
    public static JsonObject? Inner(this JsonObject node, params ReadOnlySpan<string> path)
    {
        JsonObject? inner = node;
        foreach (string name in path)
        {
            inner = inner?[name] as JsonObject;
        }

        return inner;
    }

    /// <summary>Removes fields of an inner object, and the object itself if none is left.</summary>
    public static void RemoveFrom(this JsonObject node, string inner, params ReadOnlySpan<string> names)
    {
        if (node[inner] is not JsonObject fields)
        {
            return;
        }

        bool isChanged = false;
        foreach (string name in names)
        {
            isChanged |= fields.Remove(name);
        }

        if (isChanged && fields.Count == 0)
        {
            node.Remove(inner);
        }
    }

    /// <summary>Removes items of a list, and the list itself if none is left.</summary>
    public static void RemoveItems(this JsonObject node, string list, Func<JsonNode?, bool> isRemoved)
    {
        if (node[list] is JsonArray items && items.RemoveAll(isRemoved) > 0 && items.Count == 0)
        {
            node.Remove(list);
        }
    }

    /// <summary>Takes a field out of its object, for another one.</summary>
    public static JsonNode? Take(this JsonObject node, string name) =>
        node.Remove(name, out JsonNode? value) ? value : null;
}
