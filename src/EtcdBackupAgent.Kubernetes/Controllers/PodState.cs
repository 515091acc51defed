using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Controllers;

/// <summary>Reads from a pod's status, and from the events about it, how far its start is.</summary>
internal static class PodState
{
    /// <summary>The reasons of a waiting container that are not a problem.</summary>
    private static readonly string[] Ordinary = ["", "ContainerCreating", "PodInitializing"];

    /// <summary>The reasons that concern the image. Kubelet alternates between the first two.</summary>
    private static readonly string[] OfImage =
    [
        "ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError",
        "RegistryUnavailable",
    ];

    /// <summary>Whether a container of the pod is running or has run.</summary>
    public static bool HasStarted(PodObject pod) =>
        pod.Phase is "Running" or "Succeeded" or "Failed"
        || pod.MainContainers.Any(container => container.IsRunning || container.Ended is not null);

    /// <summary>Returns why the pod does not start; null if no reason is known.</summary>
    /// <param name="pod">The pod as it was read.</param>
    /// <param name="events">All events about it.</param>
    public static StartDelay? Delay(PodObject pod, IReadOnlyCollection<EventObject> events)
    {
        if (pod.Conditions.IsFalse(PodObject.Scheduled))
        {
            string reason = pod.Conditions.Reason(PodObject.Scheduled) ?? "Unschedulable";
            return new StartDelay(
                reason,
                reason == "SchedulingGated"
                    ? "the pod waits for its scheduling gates"
                    : "no node was found for the pod",
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

    /// <summary>Describes where a pod is that takes very long to start without a known reason.</summary>
    public static string DescribeProgress(PodObject pod, IReadOnlyCollection<EventObject> events)
    {
        string? last = events.OrderBy(item => item.CreatedAt).Select(item => item.Message).LastOrDefault();
        return pod.NodeName is null
            ? "no scheduler has handled it"
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

        // One reason and one text for both: between two attempts the container's own message reports only that it
        // waits.
        return new StartDelay(
            reason == "ErrImagePull" ? "ImagePullBackOff" : reason,
            "the image could not be pulled",
            warnings.Latest("Failed to pull image") ?? message);
    }
}
