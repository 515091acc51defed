using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Policies;

namespace EtcdBackupAgent.Core.History;

/// <summary>
/// The snapshots of a repository in the order in which etcd came to what is in them, and which etcd cluster was
/// restored from which. The rules are in <c>docs/spec/repository.md</c>, "Order" and "Restore notes".
/// </summary>
public sealed class SnapshotHistory
{
    private readonly ClusterSuccession _clusters;

    private SnapshotHistory(SnapshotOrder order, ClusterSuccession clusters, IReadOnlyList<Snapshot> snapshots)
    {
        Order = order;
        _clusters = clusters;
        Snapshots = snapshots;
    }

    /// <summary>Oldest first; total, also over snapshots of several clusters.</summary>
    public IComparer<Snapshot> Order { get; }

    /// <summary>Oldest first.</summary>
    public IReadOnlyList<Snapshot> Snapshots { get; }

    /// <param name="snapshots">All snapshots of the repository, in any order.</param>
    /// <param name="notes">What the repository's restore notes say.</param>
    public static SnapshotHistory Of(IEnumerable<Snapshot> snapshots, IEnumerable<RestoreNote> notes)
    {
        Snapshot[] all = [.. snapshots];
        ClusterSuccession clusters = new(all, notes);
        SnapshotOrder order = new(all, clusters);
        return new SnapshotHistory(order, clusters, [.. all.Order(order)]);
    }

    /// <summary>
    /// The newest snapshot that fits and is not dated in the future; null if there is none.
    /// </summary>
    public static Snapshot? Newest(IEnumerable<Snapshot> oldestFirst, Func<Snapshot, bool> fits) =>
        oldestFirst.LastOrDefault(s => !s.IsFromFuture && fits(s));

    /// <summary>Which snapshots are those of a policy that backs up a cluster.</summary>
    /// <param name="policy">The policy.</param>
    /// <param name="cluster">The cluster that it backs up; null if that is not known.</param>
    /// <param name="policyUid">The uid of the policy in its Kubernetes cluster; null if it has none, or if that is not
    /// known.</param>
    public OwnSnapshots OwnOf(ResourceName policy, EtcdId? cluster, string? policyUid) =>
        new(policy, cluster, cluster is { } known ? _clusters.Ancestors(known) : new HashSet<EtcdId>(), policyUid);

    /// <summary>
    /// The same where it is not known which cluster the policy backs up: that of its newest snapshot. Without a uid,
    /// or without a snapshot of that uid, the name is all there is to go by.
    /// </summary>
    public OwnSnapshots OwnOf(ResourceName policy, string? policyUid)
    {
        Snapshot? newest = policyUid is null
            ? null
            : Newest(Snapshots, s => s.Manifest.Policy == policy && s.Manifest.PolicyUid == policyUid);
        return OwnOf(policy, newest?.Manifest.Etcd.ClusterId, newest is null ? null : policyUid);
    }

    /// <summary>Whether the newer cluster goes on with the older one's history, as far as the notes say.</summary>
    public bool IsAncestor(EtcdId older, EtcdId newer) => _clusters.Ancestors(newer).Contains(older);

    /// <summary>The restores that a cluster came from, as their notes say; usually one, or none.</summary>
    public IReadOnlyList<RestoreNote> OriginsOf(EtcdId cluster) => _clusters.OriginsOf(cluster);
}
