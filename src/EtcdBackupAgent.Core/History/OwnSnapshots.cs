using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Policies;

namespace EtcdBackupAgent.Core.History;

/// <summary>
/// Decides whether a snapshot is a policy's own. The policy's retention counts only its own snapshots, and only the
/// records of other snapshots are foreign.
/// </summary>
/// <remarks>
/// Clusters whose policies have the same name may share a bucket, and a policy may be changed to back up another etcd.
/// So a snapshot is the policy's own if it has the policy's name and meets one of these conditions:
/// 1. It was taken from the etcd cluster that the policy backs up, if that cluster is known.
/// 2. It was taken from a cluster whose history that cluster continues after a restore, and it was not made for a
///    policy with another UID.
/// 3. The cluster is not known, and it was made for the policy's UID. If the UID is not known either, the name is
///    enough.
/// </remarks>
public sealed class OwnSnapshots
{
    private readonly ResourceName _policy;
    private readonly EtcdId? _cluster;
    private readonly IReadOnlySet<EtcdId> _ancestors;
    private readonly string? _policyUid;

    internal OwnSnapshots(ResourceName policy, EtcdId? cluster, IReadOnlySet<EtcdId> ancestors, string? policyUid)
    {
        _policy = policy;
        _cluster = cluster;
        _ancestors = ancestors;
        _policyUid = policyUid;
    }

    public bool Contains(Snapshot snapshot) => ForeignReason(snapshot.Manifest) is null;

    /// <summary>
    /// Returns why the snapshot is foreign, such as <c>belongs to policy kubedr-system/hourly</c>; null if it is the
    /// policy's own.
    /// </summary>
    public string? ForeignReason(SnapshotManifest manifest)
    {
        if (manifest.Policy != _policy)
        {
            return $"belongs to policy {manifest.Policy}";
        }

        return _cluster is { } cluster ? ForeignReasonByCluster(manifest, cluster) : ForeignReasonByPolicy(manifest);
    }

    private string? ForeignReasonByCluster(SnapshotManifest manifest, EtcdId cluster)
    {
        if (manifest.ClusterId == cluster)
        {
            return null;
        }

        if (!_ancestors.Contains(manifest.ClusterId))
        {
            return $"belongs to etcd cluster {manifest.ClusterId}";
        }

        return _policyUid is not null && manifest.PolicyUid is { } uid && uid != _policyUid
            ? $"belongs to another policy named {manifest.Policy}, with the UID {uid}"
            : null;
    }

    private string? ForeignReasonByPolicy(SnapshotManifest manifest) =>
        _policyUid is null || manifest.PolicyUid == _policyUid
            ? null
            : $"belongs to another policy named {manifest.Policy}";
}
