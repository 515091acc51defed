using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.RestorePoints;

namespace EtcdBackupAgent.Kubernetes.Objects;

/// <summary>
/// A <c>MetadataRestore</c>: one snapshot, or one state of etcd, that is to be restored into a claim; or objects of it,
/// into the cluster. Fields: <c>docs/kubernetes.md</c>.
/// </summary>
internal sealed class RestoreObject(JsonObject json) : ClusterObject(json)
{
    private const string SecurityField = "securityContext";

    public RestoreStatus Status => new(ObjectSections.Status(Json));

    /// <summary>The name of the snapshot's record; null if the agent chooses the snapshot.</summary>
    public string? RecordName => ObjectFields.Text(Specification, "mbrName");

    /// <summary>The name of the policy whose change log is used; null if a record is named.</summary>
    public string? PolicyName => ObjectFields.Text(Specification, "policy");

    /// <summary>The moment to go back to; null for none.</summary>
    public DateTimeOffset? At => ObjectFields.Time(Specification, "at");

    /// <summary>The revision to go back to; null for that of the snapshot, or of the moment.</summary>
    public long? Revision => ObjectFields.Number(Specification, "revision");

    /// <summary>The name of the PersistentVolumeClaim; null if objects are restored.</summary>
    public string? ClaimName => ObjectFields.Text(Specification, "pvcName");

    /// <summary>The objects that are restored into the cluster; null if files are restored into a claim.</summary>
    public RequestedObjects? Objects =>
        ObjectFields.Object(Specification, "objects") is { } fields ? new RequestedObjects(fields) : null;

    /// <summary>The selector of the node for its pod; null if any node is suitable.</summary>
    public JsonObject? NodeSelector =>
        ObjectFields.Object(Specification, "nodeSelector") is { Count: > 0 } chosen ? chosen : null;

    /// <summary>The security context of its pod, in the format of a pod; null for root.</summary>
    public JsonObject? SecurityContext => ObjectFields.Object(Specification, SecurityField);

    /// <summary>Whether its pod runs as root.</summary>
    public bool IsRoot => (ObjectFields.Number(Specification, SecurityField, "runAsUser") ?? 0) == 0;

    /// <summary>What is restored.</summary>
    /// <param name="snapshotId">The snapshot of the record; null if no record is named.</param>
    public RestoreSelection Select(string? snapshotId) => new()
    {
        SnapshotId = snapshotId,
        Revision = Revision,
        Time = At,
        Policy = snapshotId is null && PolicyName is { } policy ? new ResourceName(Namespace, policy) : null,
    };

    /// <summary>Describes what is restored, as the beginning of a sentence.</summary>
    /// <param name="snapshotId">The snapshot of the record; null if no record is named.</param>
    public string Describe(string? snapshotId) => (At, Revision, PolicyName) switch
    {
        ({ } at, _, { } policy) => $"The state of policy {policy} at {StatusTime.Text(at)}",
        (_, { } revision, { } policy) => $"Revision {revision} of policy {policy}",
        (_, { } revision, _) => $"Revision {revision} of snapshot {snapshotId}",
        _ => $"Snapshot {snapshotId}",
    };

    public static RestoreObject? Of(JsonObject? json) => json is null ? null : new RestoreObject(json);
}
