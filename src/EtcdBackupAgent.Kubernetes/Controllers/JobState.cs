using System.Globalization;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Controllers;

/// <summary>What a Job's status says of its one pod.</summary>
internal static class JobState
{
    public static bool IsComplete(JsonObject job) => StatusConditions.Holds(job, "Complete");

    /// <summary>Whether the Job has ended, or its controller is ending its pods and will say so. Source:
    /// kubernetes.io, "Job termination and cleanup".</summary>
    public static bool IsEnding(JsonObject job) =>
        IsComplete(job) || Failure(job) is not null || IsFailing(job)
        || StatusConditions.Holds(job, "SuccessCriteriaMet");

    /// <summary>Whether the Job will have failed as soon as its pods have ended.</summary>
    public static bool IsFailing(JsonObject job) =>
        StatusConditions.Holds(job, "FailureTarget") && Failure(job) is null;

    /// <summary>Whether the Job's controller counts a pod whose container runs.</summary>
    public static bool HasReadyPod(JsonObject job) =>
        job["status"]?["ready"] is JsonValue value && value.TryGetValue(out int pods) && pods > 0;

    public static bool IsSuspended(JsonObject job) =>
        job["spec"]?["suspend"] is JsonValue value && value.TryGetValue(out bool suspended) && suspended;

    /// <summary>What of a Job matters to the object that it was made for.</summary>
    public static string Fingerprint(JsonObject job) =>
        $"{ObjectMetadata.Uid(job)} {IsComplete(job)} {Failure(job)} {HasReadyPod(job)} {IsSuspended(job)}";

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
