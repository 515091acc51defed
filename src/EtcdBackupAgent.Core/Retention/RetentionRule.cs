using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Policies;

namespace EtcdBackupAgent.Core.Retention;

/// <summary>
/// How many snapshots of one policy to keep, of one etcd cluster and of those whose history it goes on with. Others are
/// none of its business, even where they share the repository.
/// </summary>
public sealed record RetentionRule
{
    public required ResourceName Policy { get; init; }

    public required EtcdId ClusterId { get; init; }

    /// <summary>The uid of the policy in its Kubernetes cluster; null if it has none, or if that is not
    /// known.</summary>
    public string? PolicyUid { get; init; }

    /// <summary>Complete snapshots to keep; at least 1.</summary>
    public required int RetainNumBackups { get; init; }

    /// <summary>A snapshot that stays in any case: the one of the backup that prunes. Null if there is none.</summary>
    public SnapshotId? JustMade { get; init; }

    /// <summary>The rule of a backup that has just been made.</summary>
    public static RetentionRule After(SnapshotManifest made, int retain) => new()
    {
        Policy = made.Policy,
        ClusterId = made.Etcd.ClusterId,
        PolicyUid = made.PolicyUid,
        RetainNumBackups = retain,
        JustMade = made.Id,
    };
}
