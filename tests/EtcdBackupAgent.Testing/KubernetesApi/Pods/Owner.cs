using System.Text.Json.Nodes;

namespace EtcdBackupAgent.Testing.KubernetesApi.Pods;

/// <summary>Owner references in the form that Kubernetes' own controllers write.</summary>
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

    /// <summary>Returns the uid of the object that controls this one, or null.</summary>
    public static string? ControllerOf(JsonObject item) =>
        (item["metadata"]?["ownerReferences"] as JsonArray ?? [])
            .OfType<JsonObject>()
            .Where(reference => (bool?)reference["controller"] == true)
            .Select(reference => (string?)reference["uid"])
            .FirstOrDefault();
}
