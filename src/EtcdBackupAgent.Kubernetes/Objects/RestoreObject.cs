using System.Text.Json.Nodes;

namespace EtcdBackupAgent.Kubernetes.Objects;

/// <summary>A <c>MetadataRestore</c>: one snapshot that is to be restored into a claim. Fields:
/// <c>docs/kubernetes.md</c>.</summary>
internal sealed class RestoreObject(JsonObject json) : ClusterObject(json)
{
    private const string SecurityField = "securityContext";

    public RestoreStatus Status => new(ObjectSections.Status(Json));

    /// <summary>The name of the snapshot's record.</summary>
    public string RecordName => ObjectFields.Text(Specification, "mbrName") ?? "";

    /// <summary>The name of the PersistentVolumeClaim.</summary>
    public string ClaimName => ObjectFields.Text(Specification, "pvcName") ?? "";

    /// <summary>The selector of the node for its pod; null if any node is suitable.</summary>
    public JsonObject? NodeSelector =>
        ObjectFields.Object(Specification, "nodeSelector") is { Count: > 0 } chosen ? chosen : null;

    /// <summary>The security context of its pod, in the format of a pod; null for root.</summary>
    public JsonObject? SecurityContext => ObjectFields.Object(Specification, SecurityField);

    /// <summary>Whether its pod runs as root.</summary>
    public bool IsRoot => (ObjectFields.Number(Specification, SecurityField, "runAsUser") ?? 0) == 0;

    public static RestoreObject? Of(JsonObject? json) => json is null ? null : new RestoreObject(json);
}
