using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Policies;

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
}
