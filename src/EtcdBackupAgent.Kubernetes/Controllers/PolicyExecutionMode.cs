using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Kubernetes.Workloads;

namespace EtcdBackupAgent.Kubernetes.Controllers;

/// <summary>Who makes backups: pods, or the process of the controller.</summary>
internal sealed record PolicyExecutionMode
{
    /// <summary>What pods run.</summary>
    public required PodImage Image { get; init; }

    /// <summary>Whether the process makes those of every policy, whatever its options say.</summary>
    public bool IsAlwaysInProcess { get; init; }

    /// <summary>Has the process make a backup of a policy now; false if it does not know the policy yet, and is to be asked
    /// again.</summary>
    public Func<ResourceName, bool> BackUpNow { get; init; } = static _ => false;

    public bool IsInProcess(BackupPolicy policy) => IsAlwaysInProcess || policy.Execution == PolicyExecution.InProcess;
}
