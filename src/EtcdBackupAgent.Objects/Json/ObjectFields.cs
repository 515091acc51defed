using System.Text.Json.Nodes;

namespace EtcdBackupAgent.Objects.Json;

/// <summary>Parts of objects of any kind.</summary>
internal static class ObjectFields
{
    /// <summary>Returns the labels by their name.</summary>
    public static Func<string, string?> LabelsOf(JsonObject? item) =>
        label => item?.Inner("metadata", "labels")?.Text(label);

    public static string? Annotation(JsonObject item, string name) =>
        item.Inner("metadata", "annotations")?.Text(name);

    public static string? Label(JsonObject item, string name) => item.Inner("metadata", "labels")?.Text(name);

    /// <summary>The owners; an incomplete reference is left out.</summary>
    public static IReadOnlyList<JsonObject> Owners(JsonObject item) =>
    [
        .. (item.Inner("metadata")?.Items("ownerReferences") ?? []).OfType<JsonObject>()
            .Where(owner => owner.Text("kind") is not null && owner.Text("name") is not null),
    ];

    /// <summary>The owner that manages an object; null if there is none.</summary>
    public static JsonObject? Controller(JsonObject item) =>
        Owners(item).FirstOrDefault(owner => owner.IsTrue("controller"));

    /// <summary>Whether a job has completed or failed.</summary>
    public static bool HasEnded(JsonObject job) =>
        (job.Inner("status")?.Items("conditions") ?? []).OfType<JsonObject>().Any(condition =>
            condition.Text("type") is "Complete" or "Failed" && condition.Text("status") == "True");

    /// <summary>Whether a service has a selector: a controller then finds its endpoints.</summary>
    public static bool HasSelector(JsonObject? service) => service?.Inner("spec", "selector") is { Count: > 0 };

    public static string Uid(JsonObject item) => item.Inner("metadata")?.Text("uid") ?? "";

    public static bool IsBeingDeleted(JsonObject item) =>
        item.Inner("metadata")?.Text("deletionTimestamp") is not null;
}
