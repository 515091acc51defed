using System.Text.Json.Nodes;
using EtcdBackupAgent.Objects.Json;

namespace EtcdBackupAgent.Objects.Applying;

/// <summary>The rules of all kinds.</summary>
internal static class CommonRules
{
    private static readonly string[] SystemFields =
    [
        "uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds",
        "managedFields", "selfLink", "generateName",
    ];

    /// <summary>Finalizers of a running deletion, and those that an admission plugin adds.</summary>
    private static readonly string[] SystemFinalizers =
        ["foregroundDeletion", "orphan", "kubernetes.io/pv-protection", "kubernetes.io/pvc-protection"];

    public static ApplicableRule[] All { get; } =
    [
        Rule("system-metadata", RemoveSystemFields),
        Rule("owner-references", item => item.Inner("metadata")?.Remove("ownerReferences")),
        Rule("system-finalizers", RemoveSystemFinalizers),
        Rule("status", item => item.Remove("status")),
    ];

    private static ApplicableRule Rule(string name, Action<JsonObject> change) => new(name, "", "", change);

    private static void RemoveSystemFields(JsonObject item)
    {
        foreach (string field in SystemFields)
        {
            item.Inner("metadata")?.Remove(field);
        }
    }

    private static void RemoveSystemFinalizers(JsonObject item) => item.Inner("metadata")?.RemoveItems(
        "finalizers", finalizer => SystemFinalizers.Contains(JsonFields.TextOf(finalizer)));
}
