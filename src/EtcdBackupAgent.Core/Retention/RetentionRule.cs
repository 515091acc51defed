using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;

namespace EtcdBackupAgent.Core.Retention;

/// <summary>
/// How many snapshots of one policy on one etcd cluster to keep. Snapshots of other policies and of other clusters are none of its
/// business, even where they share the repository.
/// </summary>
public sealed record RetentionRule
{
    public required ResourceName Policy { get; init; }

    public required EtcdId ClusterId { get; init; }

    /// <summary>Complete snapshots to keep; at least 1.</summary>
    public required int RetainNumBackups { get; init; }

    /// <summary>Whether a snapshot is any of this rule's business.</summary>
    public bool Covers(SnapshotManifest manifest) => manifest.Policy == Policy && manifest.Etcd.ClusterId == ClusterId;
}
