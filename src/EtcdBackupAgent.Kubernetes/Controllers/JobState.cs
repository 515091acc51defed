using System.Globalization;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Publishing;

namespace EtcdBackupAgent.Kubernetes.Controllers;

/// <summary>What a Job's status says of its one pod.</summary>
internal static class JobState
{
    public static bool IsComplete(JsonObject job) => StatusConditions.Holds(job, "Complete");

    /// <summary>When and why the Job failed; null if it did not.</summary>
    public static (DateTimeOffset At, string Message)? Failure(JsonObject job)
    {
        JsonObject? failed = (job["status"]?["conditions"] as JsonArray ?? [])
            .OfType<JsonObject>()
            .FirstOrDefault(c => ObjectMetadata.Find(c, "type") == "Failed" && ObjectMetadata.Find(c, "status") == "True");
        if (failed is null)
        {
            return null;
        }

        DateTimeOffset at = Time(ObjectMetadata.Find(failed, "lastTransitionTime")) ?? Created(job);
        string why = ObjectMetadata.Find(failed, "message") ?? ObjectMetadata.Find(failed, "reason") ?? "no reason is given";
        return (at, why);
    }

    public static DateTimeOffset Started(JsonObject job) =>
        Time(ObjectMetadata.Find(job, "status", "startTime")) ?? Created(job);

    public static DateTimeOffset Created(JsonObject job) =>
        ObjectMetadata.CreatedAt(job) ?? DateTimeOffset.MinValue;

    private static DateTimeOffset? Time(string? text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time)
            ? time
            : null;
}
