using System.Text.Json.Nodes;

namespace EtcdBackupAgent.Kubernetes.Objects;

/// <summary><c>status.conditions</c>: what is true of an object, for <c>kubectl wait</c>. Source: "Typical status
/// properties" in Kubernetes' API conventions.</summary>
internal static class StatusConditions
{
    /// <summary>The object is right, and the agent does what it says.</summary>
    public const string Ready = "Ready";

    /// <summary>Of a policy: the last backup came to its end, and passed its verification if it asks for one.</summary>
    public const string BackupSucceeded = "BackupSucceeded";

    /// <summary>Of a policy or a restore: no pod that was made for it is kept from starting. Absent while none ever
    /// was.</summary>
    public const string PodStarted = "PodStarted";

    /// <summary>Sets one condition in a status; the time of its last transition stays where the status is the
    /// same.</summary>
    public static void Set(
        JsonObject status, string type, bool holds, string reason, string message, long generation, DateTimeOffset now)
    {
        if (status["conditions"] is not JsonArray conditions)
        {
            status["conditions"] = conditions = [];
        }

        JsonObject? before = conditions.OfType<JsonObject>().FirstOrDefault(c => ObjectMetadata.Find(c, "type") == type);
        string text = holds ? "True" : "False";
        string since = before is not null && ObjectMetadata.Find(before, "status") == text
            && ObjectMetadata.Find(before, "lastTransitionTime") is { } kept
                ? kept
                : StatusTime.Text(now);
        JsonObject condition = new()
        {
            ["type"] = type,
            ["status"] = text,
            ["reason"] = reason,
            ["message"] = message,
            ["observedGeneration"] = generation,
            ["lastTransitionTime"] = since,
        };
        if (before is null)
        {
            conditions.Add((JsonNode)condition);
        }
        else
        {
            conditions[conditions.IndexOf(before)] = condition;
        }
    }

    /// <summary>Whether a condition is <c>True</c>; false if it is not there.</summary>
    public static bool Holds(JsonObject item, string type) => ObjectMetadata.Find(Find(item, type), "status") == "True";

    /// <summary>Whether a condition is <c>False</c>; false if it is not there.</summary>
    public static bool Fails(JsonObject item, string type) =>
        ObjectMetadata.Find(Find(item, type), "status") == "False";

    /// <summary>What a condition says; null if it is not there.</summary>
    public static string? Message(JsonObject item, string type) => ObjectMetadata.Find(Find(item, type), "message");

    /// <summary>The one word that a condition gives; null if it is not there.</summary>
    public static string? Reason(JsonObject item, string type) => ObjectMetadata.Find(Find(item, type), "reason");

    private static JsonObject? Find(JsonObject item, string type) =>
        (item["status"]?["conditions"] as JsonArray ?? [])
            .OfType<JsonObject>()
            .FirstOrDefault(c => ObjectMetadata.Find(c, "type") == type);
}
