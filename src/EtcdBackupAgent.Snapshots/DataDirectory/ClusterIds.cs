namespace EtcdBackupAgent.Snapshots.DataDirectory;

/// <summary>The ids that a plan leads to; see <see cref="RestorePlan.Ids"/>.</summary>
/// <param name="ClusterId">By it members know whether they are of one cluster.</param>
/// <param name="MemberIds">Of all members, in ascending order.</param>
public sealed record ClusterIds(ulong ClusterId, IReadOnlyList<ulong> MemberIds);
