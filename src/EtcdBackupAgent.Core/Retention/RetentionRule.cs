using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Policies;

namespace EtcdBackupAgent.Core.Retention;

/// <summary>
/// Which snapshots to keep of one policy and one etcd cluster, including the clusters whose history it
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

    /// <summary>Which of them are kept.</summary>
    public required PolicyRetention Retention { get; init; }

    /// <summary>
    /// A snapshot that is kept in any case: the one that the current backup made. Null if there is none.
    /// </summary>
    public SnapshotId? JustMade { get; init; }

    /// <summary>Returns the rule for the retention after a backup.</summary>
    public static RetentionRule After(SnapshotManifest made, PolicyRetention retention) => new()
    {
        Policy = made.Policy,
        ClusterId = made.ClusterId,
        PolicyUid = made.PolicyUid,
        Retention = retention,
        JustMade = made.Id,
    };
}
