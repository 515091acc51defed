using System.Text.Json.Nodes;

namespace EtcdBackupAgent.Testing.KubernetesApi.Pods;

/// <summary>References to owners, as Kubernetes' own controllers write them.</summary>
internal static class Owner
{
    public static JsonObject Of(string apiVersion, string kind, JsonObject owner) => new()
    {
        ["apiVersion"] = apiVersion,
        ["kind"] = kind,
        ["name"] = (string)owner["metadata"]!["name"]!,
        ["uid"] = (string)owner["metadata"]!["uid"]!,
        ["controller"] = true,
        ["blockOwnerDeletion"] = true,
    };

    /// <summary>The uid of the object that controls this one; null if none does.</summary>
    public static string? ControllerOf(JsonObject item) =>
        (item["metadata"]?["ownerReferences"] as JsonArray ?? [])
            .OfType<JsonObject>()
            .Where(reference => (bool?)reference["controller"] == true)
            .Select(reference => (string?)reference["uid"])
            .FirstOrDefault();
}
