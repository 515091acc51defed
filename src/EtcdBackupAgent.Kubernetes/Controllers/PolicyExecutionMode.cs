using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Kubernetes.Workloads;

namespace EtcdBackupAgent.Kubernetes.Controllers;

/// <summary>Where backups run: in pods, or in the process of the controller.</summary>
internal sealed record PolicyExecutionMode
{
    /// <summary>The image of the pods.</summary>
    public required PodImage Image { get; init; }

    /// <summary>Whether the process makes the backups of every policy, whatever the policy's options are.</summary>
    public bool IsAlwaysInProcess { get; init; }

    /// <summary>
    /// Requests a backup of a policy in the process now. Returns false if the process does not know the policy yet, or
    /// if the backup is for a restore point and another one of the policy is running; the caller then has to ask again.
    /// </summary>
    public Func<ResourceName, BackupOccasion, bool> BackUpNow { get; init; } = static (_, _) => false;

    public bool IsInProcess(BackupPolicy policy) => IsAlwaysInProcess || policy.Execution == PolicyExecution.InProcess;
}
