using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Publishing;

/// <summary>Identifies the policy of a backup, for its report in the cluster.</summary>
/// <param name="Policy">The policy.</param>
/// <param name="Location">The name of the BackupLocation that stores the backup, in the policy's namespace; empty if
/// the policy names no valid location.</param>
/// <param name="PolicyUid">The policy's uid: nothing is reported to another policy that now has the same name. Null if
/// it is not known.</param>
internal sealed record PublishedRun(ResourceName Policy, string Location, string? PolicyUid = null)
{
    public static PublishedRun Of(BackupPolicy policy) => new(policy.Name, policy.Destination.Name, policy.Uid);

    /// <summary>Whether an object with the policy's name is this policy.</summary>
    public bool IsOf(PolicyObject policy) => PolicyUid is null || PolicyUid == policy.Uid;
}
