using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Publishing;

namespace EtcdBackupAgent.Kubernetes.Catalogue;

/// <summary>
/// Tells a policy's own snapshots from those of a policy of the same name in another cluster that shares the bucket:
/// they are of the etcd cluster that the policy last backed up, or, while that is not known, say the policy's uid. A
/// snapshot of before the etcd cluster was restored is no longer the policy's own once there is one of after.
/// </summary>
internal static class OwnSnapshots
{
    public static bool IsOf(JsonObject policy, SnapshotManifest manifest)
    {
        if (manifest.Policy.Namespace != ObjectMetadata.Namespace(policy) || manifest.Policy.Name != ObjectMetadata.Name(policy))
        {
            return false;
        }

        return ObjectMetadata.Find(policy, "status", PolicyStatus.EtcdClusterId) is { Length: > 0 } known
            ? $"{manifest.Etcd.ClusterId}" == known
            : PolicyLabels.IsMadeFor(manifest, policy);
    }
}
