using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Kubernetes.Reading;
using EtcdBackupAgent.Kubernetes.Workloads;

namespace EtcdBackupAgent.Kubernetes.Controllers;

/// <summary>The objects that a MetadataRestore names.</summary>
/// <param name="Location">Where the snapshot is.</param>
/// <param name="Snapshot">The snapshot's ID; null if the pod chooses the snapshot.</param>
/// <param name="NodeLabel">The label of the control-plane nodes, as in the snapshot's policy.</param>
internal sealed record RestoreSource(BackupLocation Location, string? Snapshot, string NodeLabel);

/// <summary>Finds the objects that a MetadataRestore names.</summary>
internal sealed class RestoreSources(ConnectedCluster cluster)
{
    private readonly ClusterResourceStore _resources = new(cluster);

    /// <returns>The source, or else what is missing, as a clause: <c>there is no PersistentVolumeClaim
    /// restored</c>.</returns>
    public async Task<(RestoreSource? Source, string? Missing)> FindAsync(
        RestoreObject restore, CancellationToken cancellationToken)
    {
        RecordObject? record = null;
        if (restore.RecordName is { } recordName)
        {
            record = RecordObject.Of(await FindAsync(ClusterKinds.Record, recordName, cancellationToken));
            if (record is null)
            {
                return (null, $"there is no MetadataBackupRecord {recordName}");
            }
        }

        // A snapshot may outlive its policy, and may belong to the policy of another cluster.
        string policyName = record?.Policy ?? restore.PolicyName ?? "";
        PolicyObject? policy = policyName.Length > 0
            ? PolicyObject.Of(await FindAsync(ClusterKinds.Policy, policyName, cancellationToken))
            : null;
        if (record is null && policy is null)
        {
            return (null, $"there is no MetadataBackupPolicy {policyName}");
        }

        if (restore.ClaimName is { } claim
            && await FindAsync(ClusterKinds.PersistentVolumeClaim, claim, cancellationToken) is null)
        {
            return (null, $"there is no PersistentVolumeClaim {claim}");
        }

        string locationName = record is null ? policy!.Destination ?? "" : record.Location ?? "";
        LocationObject? location = LocationObject.Of(
            await FindAsync(ClusterKinds.BackupLocation, locationName, cancellationToken));
        if (location is null)
        {
            return (null, $"there is no BackupLocation {locationName}");
        }

        ResourceSet resources = await _resources.BindLocationAsync(location, cancellationToken);
        if (resources.Locations.Values.SingleOrDefault() is not { } bound)
        {
            return (null, $"BackupLocation {locationName} cannot be used; its status gives the reason");
        }

        return (new RestoreSource(bound, SnapshotOf(record), PodPlacement.Label(policy)), null);
    }

    private static string? SnapshotOf(RecordObject? record) => record is null ? null : record.SnapshotId ?? "";

    private Task<JsonObject?> FindAsync(ResourceKind kind, string name, CancellationToken cancellationToken) =>
        cluster.Client.FindAsync(kind, cluster.Namespace, name, cancellationToken);
}
