using EtcdBackupAgent.Core.Policies;

namespace EtcdBackupAgent.Kubernetes.Publishing;

/// <summary>Whose backup it is, for what is said of it in the cluster.</summary>
/// <param name="Policy">The policy.</param>
/// <param name="Location">Name of the BackupLocation that it goes to, in the policy's namespace; empty if none that is
/// right is named.</param>
internal sealed record PublishedRun(ResourceName Policy, string Location)
{
    public static PublishedRun Of(BackupPolicy policy) => new(policy.Name, policy.Destination.Name);
}
