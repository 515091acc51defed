using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Controllers;

/// <summary>Who wants to know of the policies in a cluster: what measures them, and the worker that keeps some of them.</summary>
/// <remarks>Called from several threads, and returns at once.</remarks>
internal interface IPolicyObserver
{
    /// <summary>A policy as it is, told again whenever it changed.</summary>
    /// <param name="item">The object, with its status.</param>
    /// <param name="policy">What it says; null if it has an error.</param>
    void Seen(PolicyObject item, BackupPolicy? policy);

    void Gone(string name);
}
