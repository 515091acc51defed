using System.Text.Json.Nodes;

namespace EtcdBackupAgent.Kubernetes.Objects;

/// <summary>A <c>v1</c> Pod.</summary>
internal sealed class PodObject(JsonObject json) : ClusterObject(json)
{
    /// <summary>The condition that a node was found for the pod.</summary>
    public const string Scheduled = "PodScheduled";

    public StatusConditions Conditions => new(Status);

    /// <summary>The pod's node; null if none was found yet.</summary>
    public string? NodeName => ObjectFields.Text(Specification, "nodeName");

    /// <summary><c>Pending</c>, <c>Running</c>, <c>Succeeded</c>, <c>Failed</c> or <c>Unknown</c>.</summary>
    public string? Phase => ObjectFields.Text(Status, "phase");

    /// <summary>The reason for the state of the whole pod, for example <c>Evicted</c>; usually null.</summary>
    public string? Reason => ObjectFields.Text(Status, "reason");

    public string? Message => ObjectFields.Text(Status, "message");

    public IEnumerable<ContainerState> InitContainers => Containers("initContainerStatuses");

    /// <summary>The containers that are not init containers.</summary>
    public IEnumerable<ContainerState> MainContainers => Containers("containerStatuses");

    private JsonObject Status => ObjectSections.Status(Json);

    private IEnumerable<ContainerState> Containers(string field) =>
        ObjectFields.Objects(Status, field).Select(ContainerState.Of);
}
