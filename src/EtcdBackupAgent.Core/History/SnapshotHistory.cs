using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Policies;

namespace EtcdBackupAgent.Core.History;

/// <summary>
/// The snapshots of a repository in the order of etcd's own history, and the etcd clusters that were restored from each
/// other. The rules are in <c>docs/spec/repository.md</c>, "Order" and "Restore notes".
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

    /// <summary>Compares oldest first. The order is total, also across several clusters.</summary>
    public IComparer<Snapshot> Order { get; }

    /// <summary>The snapshots, oldest first.</summary>
    public IReadOnlyList<Snapshot> Snapshots { get; }

    /// <param name="snapshots">All snapshots of the repository, in any order.</param>
    /// <param name="notes">All restore notes of the repository.</param>
    public static SnapshotHistory Of(IEnumerable<Snapshot> snapshots, IEnumerable<RestoreNote> notes)
    {
        Snapshot[] all = [.. snapshots];
        ClusterSuccession clusters = new(all, notes);
        SnapshotOrder order = new(all, clusters);
        return new SnapshotHistory(order, clusters, [.. all.Order(order)]);
    }

    /// <summary>
    /// Returns the newest snapshot that matches and is not dated in the future; null if there is none.
    /// </summary>
    public static Snapshot? Newest(IEnumerable<Snapshot> oldestFirst, Func<Snapshot, bool> matches) =>
        oldestFirst.LastOrDefault(s => !s.IsFromFuture && matches(s));

    /// <summary>Returns the snapshots of a policy that backs up a cluster.</summary>
    /// <param name="policy">The policy.</param>
    /// <param name="cluster">The cluster that the policy backs up; null if that is not known.</param>
    /// <param name="policyUid">
    /// The UID of the policy in its Kubernetes cluster; null if it has none, or if that is not known.
    /// </param>
    public OwnSnapshots OwnOf(ResourceName policy, EtcdId? cluster, string? policyUid) =>
        new(policy, cluster, cluster is { } known ? _clusters.Ancestors(known) : new HashSet<EtcdId>(), policyUid);

    /// <summary>
    /// Returns the snapshots of a policy whose cluster is not known. The cluster of the policy's newest snapshot is
    /// used. Without a UID, or without a snapshot of that UID, only the name decides.
    /// </summary>
    public OwnSnapshots OwnOf(ResourceName policy, string? policyUid)
    {
        Snapshot? newest = policyUid is null
            ? null
            : Newest(Snapshots, s => s.Manifest.Policy == policy && s.Manifest.PolicyUid == policyUid);
        return OwnOf(policy, newest?.Manifest.ClusterId, newest is null ? null : policyUid);
    }

    /// <summary>
    /// Returns whether the newer cluster continues the history of the older one, according to the notes.
    /// </summary>
    public bool IsAncestor(EtcdId older, EtcdId newer) => _clusters.Ancestors(newer).Contains(older);

    /// <summary>Returns the notes of the restores that created a cluster; usually one or none.</summary>
    public IReadOnlyList<RestoreNote> OriginsOf(EtcdId cluster) => _clusters.OriginsOf(cluster);
}
