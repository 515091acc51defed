using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Publishing;

/// <summary>Whose backup it is, for what is said of it in the cluster.</summary>
/// <param name="Policy">The policy.</param>
/// <param name="Location">Name of the BackupLocation that it goes to, in the policy's namespace; empty if none that is
/// right is named.</param>
/// <param name="PolicyUid">The policy's uid: nothing is said of another one that has its name by now. Null where it is
/// not known.</param>
internal sealed record PublishedRun(ResourceName Policy, string Location, string? PolicyUid = null)
{
    public static PublishedRun Of(BackupPolicy policy) => new(policy.Name, policy.Destination.Name, policy.Uid);

    /// <summary>Whether an object of the policy's name is the policy.</summary>
    public bool IsOf(PolicyObject policy) => PolicyUid is null || PolicyUid == policy.Uid;
}
