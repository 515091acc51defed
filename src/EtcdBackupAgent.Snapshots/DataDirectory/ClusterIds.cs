namespace EtcdBackupAgent.Snapshots.DataDirectory;

/// <summary>The ids of the cluster and the members of a plan; see <see cref="RestorePlan.Ids"/>.</summary>
/// <param name="ClusterId">The id by which members recognize their own cluster.</param>
/// <param name="MemberIds">The ids of all members, in ascending order.</param>
public sealed record ClusterIds(ulong ClusterId, IReadOnlyList<ulong> MemberIds);
