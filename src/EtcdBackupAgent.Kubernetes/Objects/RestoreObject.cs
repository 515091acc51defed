using System.Text.Json.Nodes;

namespace EtcdBackupAgent.Kubernetes.Objects;

/// <summary>A <c>MetadataRestore</c>: one snapshot that is to be restored into a claim. Fields:
/// <c>docs/kubernetes.md</c>.</summary>
internal sealed class RestoreObject(JsonObject json) : ClusterObject(json)
{
    private const string SecurityField = "securityContext";

    public RestoreStatus Status => new(ObjectSections.Status(Json));

    /// <summary>Name of the record of the snapshot.</summary>
    public string RecordName => ObjectFields.Text(Specification, "mbrName") ?? "";

    /// <summary>Name of the PersistentVolumeClaim.</summary>
    public string ClaimName => ObjectFields.Text(Specification, "pvcName") ?? "";

    /// <summary>Which node its pod runs on; null if any will do.</summary>
    public JsonObject? NodeSelector =>
        ObjectFields.Object(Specification, "nodeSelector") is { Count: > 0 } chosen ? chosen : null;

    /// <summary>Who its pod runs as, in the words of a pod; null for root.</summary>
    public JsonObject? SecurityContext => ObjectFields.Object(Specification, SecurityField);

    /// <summary>Whether its pod runs as root.</summary>
    public bool IsRoot => (ObjectFields.Number(Specification, SecurityField, "runAsUser") ?? 0) == 0;

    public static RestoreObject? Of(JsonObject? json) => json is null ? null : new RestoreObject(json);
}
