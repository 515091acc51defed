using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Documents;

namespace EtcdBackupAgent.Kubernetes.Objects;

/// <summary>A <c>MetadataBackupRecord</c>, which represents one snapshot in a cluster. Fields:
/// <c>docs/kubernetes.md</c>.</summary>
internal sealed class RecordObject(JsonObject json) : ClusterObject(json)
{
    /// <summary>The greatest length of the value of a label, in characters.</summary>
    private const int LabelLengthMax = 63;

    private const string SnapshotField = "snapshotId";
    private const string PolicyField = "policy";
    private const string LocationField = "backuploc";

    public string? SnapshotId => ObjectFields.Text(Specification, SnapshotField);

    /// <summary>The name of the policy that made the snapshot. The policy may no longer exist.</summary>
    public string? Policy => ObjectFields.Text(Specification, PolicyField);

    /// <summary>The name of the location, which the record's own name does not contain.</summary>
    public string? Location => ObjectFields.Text(Specification, LocationField);

    /// <inheritdoc cref="ClusterNames.ForeignLabel"/>
    public bool IsForeign => ObjectMetadata.Label(Json, ClusterNames.ForeignLabel) is not null;

    /// <summary>Whether it was created by <see cref="ForDeletion"/>.</summary>
    public bool IsForDeletion => ObjectMetadata.Annotation(Json, ClusterNames.DeletionRequestedAnnotation) is not null;

    /// <summary>Whether the agent removes it because its snapshot is gone.</summary>
    public bool IsSnapshotGone => ObjectMetadata.Annotation(Json, ClusterNames.SnapshotGoneAnnotation) is not null;

    /// <summary>Whether the agent's finalizer delays its deletion.</summary>
    public bool HasAgentFinalizer => ObjectMetadata.HasFinalizer(Json, ClusterNames.RecordFinalizer);

    public static RecordObject? Of(JsonObject? json) => json is null ? null : new RecordObject(json);

    /// <summary>Returns a new record without its status, which is written separately.</summary>
    /// <param name="ns">The namespace.</param>
    /// <param name="location">The name of the location.</param>
    /// <param name="manifest">The snapshot.</param>
    /// <param name="isForeign">Whether the snapshot belongs to no policy of this cluster.</param>
    public static RecordObject New(string ns, string location, SnapshotManifest manifest, bool isForeign) => new(
        new JsonObject
        {
            ["apiVersion"] = ClusterKinds.Record.ApiVersion,
            ["kind"] = ClusterKinds.Record.Kind,
            ["metadata"] = new JsonObject
            {
                ["name"] = ClusterNames.RecordOf(manifest.Id.Value),
                ["namespace"] = ns,
                ["labels"] = Labels(manifest, isForeign),
            },
            ["spec"] = new JsonObject
            {
                [SnapshotField] = manifest.Id.Value,
                [PolicyField] = manifest.Policy.Name,
                [LocationField] = location,
            },
        });

    /// <summary>Returns a record that replaces a deleted one and preserves the request until the snapshot is deleted or
    /// kept: it has the agent's finalizer, and is to be deleted at once.</summary>
    /// <param name="last">The last state of the deleted record.</param>
    /// <param name="now">The time.</param>
    public static RecordObject ForDeletion(RecordObject last, DateTimeOffset now) => new(
        new JsonObject
        {
            ["apiVersion"] = ClusterKinds.Record.ApiVersion,
            ["kind"] = ClusterKinds.Record.Kind,
            ["metadata"] = new JsonObject
            {
                ["name"] = last.Name,
                ["namespace"] = last.Namespace,
                ["finalizers"] = new JsonArray(ClusterNames.RecordFinalizer),
                ["labels"] = ObjectMetadata.Labels(last.Json)?.DeepClone(),
                ["annotations"] = new JsonObject { [ClusterNames.DeletionRequestedAnnotation] = StatusTime.Text(now) },
            },
            ["spec"] = last.Specification?.DeepClone(),
        });

    /// <summary>Returns the patch that sets or removes the label of a foreign record.</summary>
    public static JsonObject ForeignPatch(bool isForeign) => new()
    {
        ["metadata"] = new JsonObject
        {
            ["labels"] = new JsonObject { [ClusterNames.ForeignLabel] = isForeign ? "true" : null },
        },
    };

    /// <summary>Returns the patch that marks this version of the record as one whose snapshot is gone.</summary>
    public JsonObject SnapshotGonePatch() => new()
    {
        ["metadata"] = new JsonObject
        {
            ["resourceVersion"] = ResourceVersion,
            ["annotations"] = new JsonObject { [ClusterNames.SnapshotGoneAnnotation] = "true" },
        },
    };

    private static JsonObject Labels(SnapshotManifest manifest, bool isForeign)
    {
        JsonObject labels = new() { [ClusterNames.TypeLabel] = "backup" };
        if (manifest.Policy.Name.Length <= LabelLengthMax)
        {
            labels[ClusterNames.PolicyLabel] = manifest.Policy.Name;
        }

        if (isForeign)
        {
            labels[ClusterNames.ForeignLabel] = "true";
        }

        return labels;
    }
}
