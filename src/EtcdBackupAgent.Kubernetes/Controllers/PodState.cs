using System.Text.Json.Nodes;
using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Controllers;

/// <summary>How far a pod is on its way to start, by its status and the events about it.</summary>
internal static class PodState
{
    /// <summary>Containers wait with these while everything goes well.</summary>
    private static readonly string[] Ordinary = ["", "ContainerCreating", "PodInitializing"];

    /// <summary>Kubelet goes to and fro between the first two; the others are ends of the same road.</summary>
    private static readonly string[] OfImage =
    [
        "ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError",
        "RegistryUnavailable",
    ];

    /// <summary>Whether a container of it runs, or has run.</summary>
    public static bool HasStarted(JsonObject pod) =>
        ObjectMetadata.Find(pod, "status", "phase") is "Running" or "Succeeded" or "Failed"
        || Containers(pod, "containerStatuses")
            .Any(state => state["running"] is not null || state["terminated"] is not null);

    /// <summary>What keeps the pod from starting; null if nothing is known to.</summary>
    /// <param name="pod">As it was read.</param>
    /// <param name="events">All events about it.</param>
    public static StartDelay? Delay(JsonObject pod, IReadOnlyCollection<JsonObject> events)
    {
        if (Condition(pod, "PodScheduled") is { } unscheduled)
        {
            string reason = ObjectMetadata.Find(unscheduled, "reason") ?? "Unschedulable";
            return new StartDelay(
                reason,
                reason == "SchedulingGated" ? "the pod waits for its scheduling gates" : "the pod found no node",
                ObjectMetadata.Find(unscheduled, "message") ?? "");
        }

        WarningEvents warnings = new(events);
        JsonObject? waiting = Containers(pod, "initContainerStatuses").Concat(Containers(pod, "containerStatuses"))
            .Select(state => state["waiting"] as JsonObject)
            .OfType<JsonObject>()
            .FirstOrDefault(state => !Ordinary.Contains(ObjectMetadata.Find(state, "reason") ?? ""));
        if (waiting is not null)
        {
            return OfContainer(waiting, warnings);
        }

        return warnings.Latest() is var (cause, message)
            ? new StartDelay(cause, "the pod could not be started", message)
            : null;
    }

    /// <summary>Where the pod is, where nothing is known to keep it: for one that takes very long.</summary>
    public static string Whereabouts(JsonObject pod, IReadOnlyCollection<JsonObject> events)
    {
        string? node = ObjectMetadata.Find(pod, "spec", "nodeName");
        string? last = events
            .OrderBy(item => ObjectMetadata.Find(item, "metadata", "creationTimestamp"), StringComparer.Ordinal)
            .Select(item => ObjectMetadata.Find(item, "message"))
            .LastOrDefault();
        return node is null
            ? "no scheduler has looked at it"
            : $"it is on node {node}, and the last event about it is: {last ?? "none"}";
    }

    private static StartDelay OfContainer(JsonObject waiting, WarningEvents warnings)
    {
        string reason = ObjectMetadata.Find(waiting, "reason")!;
        string message = ObjectMetadata.Find(waiting, "message") ?? "";
        if (!OfImage.Contains(reason))
        {
            return new StartDelay(reason, "the container could not be started", message);
        }

        // One word and one text for both: between two attempts the container's own message says only that it waits.
        return new StartDelay(
            reason == "ErrImagePull" ? "ImagePullBackOff" : reason,
            "the image could not be pulled",
            warnings.Latest("Failed to pull image") ?? message);
    }

    private static IEnumerable<JsonObject> Containers(JsonObject pod, string field) =>
        (pod["status"]?[field] as JsonArray ?? [])
            .Select(container => container?["state"] as JsonObject)
            .OfType<JsonObject>();

    /// <summary>A condition that is false; null if it is not.</summary>
    private static JsonObject? Condition(JsonObject pod, string type) =>
        (pod["status"]?["conditions"] as JsonArray ?? [])
            .OfType<JsonObject>()
            .FirstOrDefault(c => ObjectMetadata.Find(c, "type") == type && ObjectMetadata.Find(c, "status") == "False");
}
