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

    /// <summary>Takes a field out of its object, for another one.</summary>
    public static JsonNode? Take(this JsonObject node, string name) =>
        node.Remove(name, out JsonNode? value) ? value : null;
}
