using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Policies;

namespace EtcdBackupAgent.Core.Retention;

/// <summary>
/// The number of snapshots to keep of one policy and one etcd cluster, including the clusters whose history it
/// continues. Other snapshots are not affected, even if they share the repository.
/// </summary>
public sealed record RetentionRule
{
    public required ResourceName Policy { get; init; }

    public required EtcdId ClusterId { get; init; }

    /// <summary>
    /// The UID of the policy in its Kubernetes cluster; null if it has none, or if that is not known.
    /// </summary>
    public string? PolicyUid { get; init; }

    /// <summary>The number of complete snapshots to keep; at least 1.</summary>
    public required int RetainNumBackups { get; init; }

    /// <summary>
    /// A snapshot that is kept in any case: the one that the current backup made. Null if there is none.
    /// </summary>
    public SnapshotId? JustMade { get; init; }

    /// <summary>Returns the rule for the retention after a backup.</summary>
    public static RetentionRule After(SnapshotManifest made, int retain) => new()
    {
        Policy = made.Policy,
        ClusterId = made.ClusterId,
        PolicyUid = made.PolicyUid,
        RetainNumBackups = retain,
        JustMade = made.Id,
    };
}
