using System.Text.Json.Nodes;

namespace EtcdBackupAgent.Kubernetes.Objects;

/// <summary>The state of one container of a pod. At most one of the three properties is set.</summary>
/// <param name="IsRunning">Whether it is running.</param>
/// <param name="Waiting">Why it is not running yet; null if it is not waiting.</param>
/// <param name="Ended">How it ended; null if it has not ended.</param>
internal sealed record ContainerState(bool IsRunning, ContainerWait? Waiting, ContainerEnd? Ended)
{
    private const string ReasonField = "reason";
    private const string MessageField = "message";

    /// <summary>Reads one of the <c>containerStatuses</c>.</summary>
    public static ContainerState Of(JsonObject container) => new(
        ObjectFields.Object(container, "state", "running") is not null,
        ObjectFields.Object(container, "state", "waiting") is { } waiting
            ? new ContainerWait(ObjectFields.Text(waiting, ReasonField), ObjectFields.Text(waiting, MessageField))
            : null,
        ObjectFields.Object(container, "state", "terminated") is { } ended
            ? new ContainerEnd(
                ObjectFields.Number(ended, "exitCode"),
                ObjectFields.Text(ended, ReasonField),
                ObjectFields.Text(ended, MessageField))
            : null);
}

/// <summary>Why a container waits, in kubelet's words.</summary>
internal sealed record ContainerWait(string? Reason, string? Message);

/// <summary>How a container ended, in kubelet's words.</summary>
internal sealed record ContainerEnd(long? ExitCode, string? Reason, string? Message);
