using System.Globalization;
using System.Text.Json.Nodes;

namespace EtcdBackupAgent.Kubernetes.Objects;

/// <summary>Reads fields of an object by a path of names. A field that is absent, or of another type, is read as null:
/// the API server has validated the important fields, and a field that an older or a newer server writes differently
/// must not stop the agent.</summary>
/// <remarks>Only this folder uses paths, and <see cref="Api"/> does for JSON that is not an object of a cluster; a test
/// checks this.</remarks>
internal static class ObjectFields
{
    public static string? Text(JsonNode? node, params ReadOnlySpan<string> path) =>
        Find(node, path) is JsonValue value && value.TryGetValue(out string? text) ? text : null;

    /// <summary>A whole number.</summary>
    public static long? Number(JsonNode? node, params ReadOnlySpan<string> path) => Find(node, path) switch
    {
        JsonValue value when value.TryGetValue(out long number) => number,

        // A node that was created here from an int has no long value.
        JsonValue value when value.TryGetValue(out int number) => number,
        _ => null,
    };

    public static bool? Flag(JsonNode? node, params ReadOnlySpan<string> path) =>
        Find(node, path) is JsonValue value && value.TryGetValue(out bool flag) ? flag : null;

    /// <summary>A time in RFC 3339.</summary>
    public static DateTimeOffset? Time(JsonNode? node, params ReadOnlySpan<string> path) =>
        DateTimeOffset.TryParse(
            Text(node, path), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time)
            ? time
            : null;

    public static JsonObject? Object(JsonNode? node, params ReadOnlySpan<string> path) =>
        Find(node, path) as JsonObject;

    /// <summary>The texts of a list.</summary>
    public static IEnumerable<string> Texts(JsonNode? node, params ReadOnlySpan<string> path) =>
        List(node, path).Select(item => Text(item)).OfType<string>();

    /// <summary>The objects of a list.</summary>
    public static IEnumerable<JsonObject> Objects(JsonNode? node, params ReadOnlySpan<string> path) =>
        List(node, path).OfType<JsonObject>();

    /// <summary>The texts of an object with any names.</summary>
    public static IReadOnlyDictionary<string, string> Map(JsonNode? node, params ReadOnlySpan<string> path) =>
        (Object(node, path) ?? [])
            .Select(field => (field.Key, Value: Text(field.Value)))
            .Where(field => field.Value is not null)
            .ToDictionary(field => field.Key, field => field.Value!, StringComparer.Ordinal);

    private static JsonArray List(JsonNode? node, ReadOnlySpan<string> path) => Find(node, path) as JsonArray ?? [];

    private static JsonNode? Find(JsonNode? node, ReadOnlySpan<string> path)
    {
        foreach (string name in path)
        {
            node = (node as JsonObject)?[name];
        }

        return node;
    }
}
