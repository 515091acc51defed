using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Documents;

namespace EtcdBackupAgent.Kubernetes.Objects;

/// <summary>A <c>MetadataBackupRecord</c> as it is made from a snapshot. Fields: <c>docs/kubernetes.md</c>.</summary>
internal static class RecordDocument
{
    /// <summary>Characters that the value of a label may have.</summary>
    private const int LabelLengthMax = 63;

    /// <summary>A new record, without its status, which is written apart.</summary>
    /// <param name="ns">The namespace.</param>
    /// <param name="location">Name of the location.</param>
    /// <param name="manifest">The snapshot.</param>
    /// <param name="isForeign">Whether the snapshot is none of a policy here on its cluster.</param>
    public static JsonObject New(string ns, string location, SnapshotManifest manifest, bool isForeign) => new()
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
            ["snapshotId"] = manifest.Id.Value,
            ["policy"] = manifest.Policy.Name,
            ["backuploc"] = location,
        },
    };

    /// <summary>A record in the place of one that was deleted, which keeps that in mind until the snapshot has been
    /// dealt with: it has our finalizer, and is to be deleted at once.</summary>
    /// <param name="last">The one that was deleted, as it was last.</param>
    /// <param name="now">The time.</param>
    public static JsonObject ToDelete(JsonObject last, DateTimeOffset now) => new()
    {
        ["apiVersion"] = ClusterKinds.Record.ApiVersion,
        ["kind"] = ClusterKinds.Record.Kind,
        ["metadata"] = new JsonObject
        {
            ["name"] = ObjectMetadata.Name(last),
            ["namespace"] = ObjectMetadata.Namespace(last),
            ["finalizers"] = new JsonArray(ClusterNames.RecordFinalizer),
            ["labels"] = last["metadata"]?["labels"]?.DeepClone(),
            ["annotations"] = new JsonObject { [ClusterNames.DeletionAskedAnnotation] = StatusTime.Text(now) },
        },
        ["spec"] = last["spec"]?.DeepClone(),
    };

    /// <summary>Whether it is one of <see cref="ToDelete"/>.</summary>
    public static bool IsToDelete(JsonObject record) =>
        ObjectMetadata.Annotation(record, ClusterNames.DeletionAskedAnnotation) is not null;

    /// <summary>Whether the agent removes it because its snapshot is gone.</summary>
    public static bool IsSnapshotGone(JsonObject record) =>
        ObjectMetadata.Annotation(record, ClusterNames.SnapshotGoneAnnotation) is not null;

    /// <summary>Writes what is known of the snapshot into the record's status.</summary>
    public static void SetStatus(JsonObject status, SnapshotManifest manifest, VerificationRecord? verification)
    {
        status["startedAt"] = StatusTime.Text(manifest.StartedAt);
        status["completedAt"] = StatusTime.Text(manifest.CompletedAt);
        status["sizeBytes"] = manifest.PlainBytes;
        status["storedBytes"] = manifest.StoredBytes;
        status["etcdRevision"] = manifest.Etcd.Revision;
        status["etcdClusterId"] = $"{manifest.Etcd.ClusterId}";
        if (verification is not null)
        {
            status["verified"] = $"{verification.Result}";
            status["verifiedAt"] = StatusTime.Text(verification.CompletedAt);
        }
    }

    /// <summary>Whether a record is that of a snapshot in a location: a name says no location.</summary>
    public static bool IsOf(JsonObject record, string location) =>
        ObjectMetadata.Find(record, "spec", "backuploc") == location;

    public static string? SnapshotOf(JsonObject record) => ObjectMetadata.Find(record, "spec", "snapshotId");

    public static bool IsForeign(JsonObject record) =>
        ObjectMetadata.Find(record, "metadata", "labels", ClusterNames.ForeignLabel) is not null;

    /// <summary>Sets the label of a foreign one, or takes it away.</summary>
    public static JsonObject ForeignPatch(bool isForeign) => new()
    {
        ["metadata"] = new JsonObject
        {
            ["labels"] = new JsonObject { [ClusterNames.ForeignLabel] = isForeign ? "true" : null },
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
