using System.Globalization;
using System.Text.Json.Nodes;

namespace EtcdBackupAgent.Kubernetes.Objects;

/// <summary>Reads the metadata of an object of any kind from its JSON. An absent field is read as empty.</summary>
internal static class ObjectMetadata
{
    private const string Metadata = "metadata";
    private const string Annotations = "annotations";

    public static string Name(JsonObject item) => Text(item, "name");

    /// <summary>The namespace; empty for objects that are not namespaced.</summary>
    public static string Namespace(JsonObject item) => Text(item, "namespace");

    public static string Uid(JsonObject item) => Text(item, "uid");

    /// <summary>The opaque identifier of one version of the object.</summary>
    public static string ResourceVersion(JsonObject item) => Text(item, "resourceVersion");

    /// <summary>The number of changes of the specification; 0 for kinds without a generation.</summary>
    public static long Generation(JsonObject item) => ObjectFields.Number(item, Metadata, "generation") ?? 0;

    /// <summary>When the API server created it, in whole seconds; null if that is absent.</summary>
    public static DateTimeOffset? CreatedAt(JsonObject item) => ObjectFields.Time(item, Metadata, "creationTimestamp");

    /// <summary>Whether an object existed before the last version of another one. If both were created in the same
    /// second, their versions decide, which count the changes of the whole cluster.</summary>
    public static bool IsProvedOlder(JsonObject item, JsonObject than) =>
        CreatedAt(item) < CreatedAt(than)
        || (CreatedAt(item) == CreatedAt(than)
            && ulong.TryParse(ResourceVersion(item), NumberStyles.None, CultureInfo.InvariantCulture, out ulong version)
            && ulong.TryParse(
                ResourceVersion(than), NumberStyles.None, CultureInfo.InvariantCulture, out ulong other)
            && version < other);

    /// <summary>Whether it was deleted and waits for its finalizers.</summary>
    public static bool IsBeingDeleted(JsonObject item) =>
        ObjectFields.Text(item, Metadata, "deletionTimestamp") is not null;

    public static bool HasFinalizer(JsonObject item, string finalizer) =>
        Finalizers(item).Contains(finalizer, StringComparer.Ordinal);

    public static IReadOnlyList<string> Finalizers(JsonObject item) =>
        [.. ObjectFields.Texts(item, Metadata, "finalizers")];

    /// <summary>The value of an annotation; null if there is none.</summary>
    public static string? Annotation(JsonObject item, string name) =>
        ObjectFields.Text(item, Metadata, Annotations, name);

    /// <summary>Returns a copy with one more annotation.</summary>
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

    /// <summary>The kind and name of the object's owners, with which it is deleted.</summary>
    public static IEnumerable<(string? Kind, string? Name)> Owners(JsonObject item) =>
        ObjectFields.Objects(item, Metadata, "ownerReferences")
            .Select(owner => (ObjectFields.Text(owner, "kind"), ObjectFields.Text(owner, "name")));

    private static string Text(JsonObject item, string field) => ObjectFields.Text(item, Metadata, field) ?? "";
}
