using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Catalogue;

/// <summary>
/// Which snapshots are those of a policy in a cluster: <see cref="OwnSnapshots"/>, by its name, its uid, and the etcd
/// cluster that its status names.
/// </summary>
internal static class PolicySnapshots
{
    public static OwnSnapshots Of(JsonObject policy, SnapshotHistory history) => history.OwnOf(
        new ResourceName(ObjectMetadata.Namespace(policy), ObjectMetadata.Name(policy)),
        ObjectMetadata.Find(policy, "status", PolicyStatus.EtcdClusterId) is { Length: > 0 } known
            && EtcdId.TryParse(known, out EtcdId cluster)
                ? cluster
                : null,
        ObjectMetadata.Uid(policy));
}
