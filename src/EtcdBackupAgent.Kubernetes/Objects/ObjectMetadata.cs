using System.Globalization;
using System.Text.Json.Nodes;

namespace EtcdBackupAgent.Kubernetes.Objects;

/// <summary>What every object has, read from its JSON; absent reads as empty.</summary>
internal static class ObjectMetadata
{
    public static string Name(JsonObject item) => Text(item, "name");

    /// <summary>Empty for objects that are in none.</summary>
    public static string Namespace(JsonObject item) => Text(item, "namespace");

    public static string Uid(JsonObject item) => Text(item, "uid");

    public static string ResourceVersion(JsonObject item) => Text(item, "resourceVersion");

    /// <summary>Counts the changes of the specification; 0 for kinds that have none.</summary>
    public static long Generation(JsonObject item) =>
        item["metadata"]?["generation"] is JsonValue value && value.TryGetValue(out long generation) ? generation : 0;

    /// <summary>When the API server made it, in whole seconds; null if it does not say.</summary>
    public static DateTimeOffset? CreatedAt(JsonObject item) =>
        DateTimeOffset.TryParse(
            Text(item, "creationTimestamp"),
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal,
            out DateTimeOffset at)
            ? at
            : null;

    /// <summary>Whether somebody deleted it, and it waits for its finalizers.</summary>
    public static bool IsBeingDeleted(JsonObject item) => item["metadata"]?["deletionTimestamp"] is not null;

    public static bool HasFinalizer(JsonObject item, string finalizer) => Finalizers(item).Contains(finalizer, StringComparer.Ordinal);

    public static IReadOnlyList<string> Finalizers(JsonObject item) =>
        [.. (item["metadata"]?["finalizers"] as JsonArray ?? []).Select(one => Find(one)).OfType<string>()];

    /// <summary>The value of an annotation; null if there is none.</summary>
    public static string? Annotation(JsonObject item, string name) => Find(item, "metadata", "annotations", name);

    /// <summary>A text at a path of names; null if it is absent or no text.</summary>
    public static string? Find(JsonNode? node, params ReadOnlySpan<string> path)
    {
        foreach (string name in path)
        {
            node = (node as JsonObject)?[name];
        }

        return node is JsonValue value && value.TryGetValue(out string? text) ? text : null;
    }

    private static string Text(JsonObject item, string field) => Find(item, "metadata", field) ?? "";
}
