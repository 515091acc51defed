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
    public static bool HasStarted(PodObject pod) =>
        pod.Phase is "Running" or "Succeeded" or "Failed"
        || pod.MainContainers.Any(container => container.IsRunning || container.Ended is not null);

    /// <summary>What keeps the pod from starting; null if nothing is known to.</summary>
    /// <param name="pod">As it was read.</param>
    /// <param name="events">All events about it.</param>
    public static StartDelay? Delay(PodObject pod, IReadOnlyCollection<EventObject> events)
    {
        if (pod.Conditions.Fails(PodObject.Scheduled))
        {
            string reason = pod.Conditions.Reason(PodObject.Scheduled) ?? "Unschedulable";
            return new StartDelay(
                reason,
                reason == "SchedulingGated" ? "the pod waits for its scheduling gates" : "the pod found no node",
                pod.Conditions.Message(PodObject.Scheduled) ?? "");
        }

        WarningEvents warnings = new(events);
        ContainerWait? waiting = pod.InitContainers.Concat(pod.MainContainers)
            .Select(container => container.Waiting)
            .OfType<ContainerWait>()
            .FirstOrDefault(wait => !Ordinary.Contains(wait.Reason ?? ""));
        if (waiting is not null)
        {
            return OfContainer(waiting, warnings);
        }

        return warnings.Latest() is var (cause, message)
            ? new StartDelay(cause, "the pod could not be started", message)
            : null;
    }

    /// <summary>Where the pod is, where nothing is known to keep it: for one that takes very long.</summary>
    public static string Whereabouts(PodObject pod, IReadOnlyCollection<EventObject> events)
    {
        string? last = events.OrderBy(item => item.CreatedAt).Select(item => item.Message).LastOrDefault();
        return pod.NodeName is null
            ? "no scheduler has looked at it"
            : $"it is on node {pod.NodeName}, and the last event about it is: {last ?? "none"}";
    }

    private static StartDelay OfContainer(ContainerWait waiting, WarningEvents warnings)
    {
        string reason = waiting.Reason!;
        string message = waiting.Message ?? "";
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
}
