using System.Text.Json.Nodes;

namespace EtcdBackupAgent.Kubernetes.Objects;

/// <summary>What every object has, whatever its kind, read from its JSON; absent reads as empty.</summary>
internal static class ObjectMetadata
{
    private const string Metadata = "metadata";
    private const string Annotations = "annotations";

    public static string Name(JsonObject item) => Text(item, "name");

    /// <summary>Empty for objects that are in none.</summary>
    public static string Namespace(JsonObject item) => Text(item, "namespace");

    public static string Uid(JsonObject item) => Text(item, "uid");

    /// <summary>Names one version of the object; opaque.</summary>
    public static string ResourceVersion(JsonObject item) => Text(item, "resourceVersion");

    /// <summary>Counts the changes of the specification; 0 for kinds that have none.</summary>
    public static long Generation(JsonObject item) => ObjectFields.Number(item, Metadata, "generation") ?? 0;

    /// <summary>When the API server made it, in whole seconds; null if it does not say.</summary>
    public static DateTimeOffset? CreatedAt(JsonObject item) => ObjectFields.Time(item, Metadata, "creationTimestamp");

    /// <summary>Whether it was deleted, and waits for its finalizers.</summary>
    public static bool IsBeingDeleted(JsonObject item) =>
        ObjectFields.Text(item, Metadata, "deletionTimestamp") is not null;

    public static bool HasFinalizer(JsonObject item, string finalizer) =>
        Finalizers(item).Contains(finalizer, StringComparer.Ordinal);

    public static IReadOnlyList<string> Finalizers(JsonObject item) =>
        [.. ObjectFields.Texts(item, Metadata, "finalizers")];

    /// <summary>The value of an annotation; null if there is none.</summary>
    public static string? Annotation(JsonObject item, string name) =>
        ObjectFields.Text(item, Metadata, Annotations, name);

    /// <summary>A copy with one more annotation.</summary>
    public static JsonObject WithAnnotation(JsonObject item, string name, string value)
    {
        JsonObject copy = (JsonObject)item.DeepClone();
        JsonObject metadata = ObjectFields.Object(copy, Metadata) ?? [];
        JsonObject annotations = ObjectFields.Object(metadata, Annotations) ?? [];
        annotations[name] = value;
        metadata[Annotations] ??= annotations;
        copy[Metadata] ??= metadata;
        return copy;
    }

    /// <summary>The value of a label; null if there is none.</summary>
    public static string? Label(JsonObject item, string name) => ObjectFields.Text(item, Metadata, "labels", name);

    /// <summary>All labels; null if there are none.</summary>
    public static JsonObject? Labels(JsonObject item) => ObjectFields.Object(item, Metadata, "labels");

    /// <summary>Kind and name of the objects that it goes with.</summary>
    public static IEnumerable<(string? Kind, string? Name)> Owners(JsonObject item) =>
        ObjectFields.Objects(item, Metadata, "ownerReferences")
            .Select(owner => (ObjectFields.Text(owner, "kind"), ObjectFields.Text(owner, "name")));

    private static string Text(JsonObject item, string field) => ObjectFields.Text(item, Metadata, field) ?? "";
}
