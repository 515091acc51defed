using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Documents;

namespace EtcdBackupAgent.Kubernetes.Objects;

/// <summary>A <c>MetadataBackupRecord</c>: one snapshot, as a cluster shows it. Fields:
/// <c>docs/kubernetes.md</c>.</summary>
internal sealed class RecordObject(JsonObject json) : ClusterObject(json)
{
    /// <summary>Characters that the value of a label may have.</summary>
    private const int LabelLengthMax = 63;

    private const string SnapshotField = "snapshotId";
    private const string PolicyField = "policy";
    private const string LocationField = "backuploc";

    public string? SnapshotId => ObjectFields.Text(Specification, SnapshotField);

    /// <summary>Name of the policy that made the snapshot; it may be gone.</summary>
    public string? Policy => ObjectFields.Text(Specification, PolicyField);

    /// <summary>Name of the location: a record's own name does not say it.</summary>
    public string? Location => ObjectFields.Text(Specification, LocationField);

    /// <inheritdoc cref="ClusterNames.ForeignLabel"/>
    public bool IsForeign => ObjectMetadata.Label(Json, ClusterNames.ForeignLabel) is not null;

    /// <summary>Whether it is one of <see cref="ToDelete"/>.</summary>
    public bool IsToDelete => ObjectMetadata.Annotation(Json, ClusterNames.DeletionAskedAnnotation) is not null;

    /// <summary>Whether the agent removes it because its snapshot is gone.</summary>
    public bool IsSnapshotGone => ObjectMetadata.Annotation(Json, ClusterNames.SnapshotGoneAnnotation) is not null;

    /// <summary>Whether it waits for the agent before it goes.</summary>
    public bool HasOurFinalizer => ObjectMetadata.HasFinalizer(Json, ClusterNames.RecordFinalizer);

    public static RecordObject? Of(JsonObject? json) => json is null ? null : new RecordObject(json);

    /// <summary>A new record, without its status, which is written apart.</summary>
    /// <param name="ns">The namespace.</param>
    /// <param name="location">Name of the location.</param>
    /// <param name="manifest">The snapshot.</param>
    /// <param name="isForeign">Whether the snapshot is none of a policy here on its cluster.</param>
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

    /// <summary>A record in the place of one that was deleted, which keeps that in mind until the snapshot has been
    /// dealt with: it has our finalizer, and is to be deleted at once.</summary>
    /// <param name="last">The one that was deleted, as it was last.</param>
    /// <param name="now">The time.</param>
    public static RecordObject ToDelete(RecordObject last, DateTimeOffset now) => new(
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
                ["annotations"] = new JsonObject { [ClusterNames.DeletionAskedAnnotation] = StatusTime.Text(now) },
            },
            ["spec"] = last.Specification?.DeepClone(),
        });

    /// <summary>The patch that sets the label of a foreign one, or takes it away.</summary>
    public static JsonObject ForeignPatch(bool isForeign) => new()
    {
        ["metadata"] = new JsonObject
        {
            ["labels"] = new JsonObject { [ClusterNames.ForeignLabel] = isForeign ? "true" : null },
        },
    };

    /// <summary>The patch that notes on a record, of this version, that its snapshot is gone.</summary>
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
