using System.Text.Json.Nodes;

namespace EtcdBackupAgent.Kubernetes.Objects;

/// <summary>A <c>v1</c> Pod.</summary>
internal sealed class PodObject(JsonObject json) : ClusterObject(json)
{
    /// <summary>The condition that a node was found.</summary>
    public const string Scheduled = "PodScheduled";

    public StatusConditions Conditions => new(Status);

    /// <summary>Its node; null if none was found yet.</summary>
    public string? NodeName => ObjectFields.Text(Specification, "nodeName");

    /// <summary><c>Pending</c>, <c>Running</c>, <c>Succeeded</c>, <c>Failed</c> or <c>Unknown</c>.</summary>
    public string? Phase => ObjectFields.Text(Status, "phase");

    /// <summary>Why the whole pod is as it is, as in <c>Evicted</c>; null mostly.</summary>
    public string? Reason => ObjectFields.Text(Status, "reason");

    public string? Message => ObjectFields.Text(Status, "message");

    public IEnumerable<ContainerState> InitContainers => Containers("initContainerStatuses");

    /// <summary>Those that are not for its beginning.</summary>
    public IEnumerable<ContainerState> MainContainers => Containers("containerStatuses");

    private JsonObject Status => ObjectSections.Status(Json);

    private IEnumerable<ContainerState> Containers(string field) =>
        ObjectFields.Objects(Status, field).Select(ContainerState.Of);
}
