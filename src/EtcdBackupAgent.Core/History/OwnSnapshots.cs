using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Policies;

namespace EtcdBackupAgent.Core.History;

/// <summary>
/// The one answer to "is this snapshot the policy's own": whether its retention counts it, whether its record is
/// foreign, whether it is a backup of what the policy backs up.
/// </summary>
/// <remarks>
/// A bucket may be shared by clusters whose policies have the same name, and a policy may be pointed at another etcd.
/// So a snapshot is the policy's own if it has the policy's name, and
/// 1. is of the etcd cluster that the policy backs up, where that is known; or
/// 2. is of a cluster whose history that one goes on with, because it was restored from it, and was not made for a
///    policy of another uid; or
/// 3. where the cluster is not known, was made for the policy's uid; where that is not known either, the name is
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

    public bool Contains(Snapshot snapshot) => WhyNot(snapshot.Manifest) is null;

    /// <summary>Whose it is, such as <c>belongs to policy kubedr-system/hourly</c>; null if it is the policy's
    /// own.</summary>
    public string? WhyNot(SnapshotManifest manifest)
    {
        if (manifest.Policy != _policy)
        {
            return $"belongs to policy {manifest.Policy}";
        }

        return _cluster is { } cluster ? WhyNotOfCluster(manifest, cluster) : WhyNotOfPolicy(manifest);
    }

    private string? WhyNotOfCluster(SnapshotManifest manifest, EtcdId cluster)
    {
        if (manifest.Etcd.ClusterId == cluster)
        {
            return null;
        }

        if (!_ancestors.Contains(manifest.Etcd.ClusterId))
        {
            return $"belongs to etcd cluster {manifest.Etcd.ClusterId}";
        }

        return _policyUid is not null && manifest.PolicyUid is { } uid && uid != _policyUid
            ? $"belongs to another policy named {manifest.Policy}, with the uid {uid}"
            : null;
    }

    private string? WhyNotOfPolicy(SnapshotManifest manifest) =>
        _policyUid is null || manifest.PolicyUid == _policyUid
            ? null
            : $"belongs to another policy named {manifest.Policy}";
}
