using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Catalogue;

/// <summary>
/// Selects the snapshots that belong to a policy in a cluster (<see cref="OwnSnapshots"/>), by its name, its uid, and
/// the etcd cluster that its status names.
/// </summary>
internal static class PolicySnapshots
{
    public static OwnSnapshots Of(PolicyObject policy, SnapshotHistory history) =>
        history.OwnOf(policy.FullName, policy.Status.EtcdClusterId, policy.Uid);
}
