using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Controllers;

/// <summary>Receives the policies of a cluster: the metrics, and the worker that makes the backups of some
/// policies.</summary>
/// <remarks>Several threads call it. It must return at once.</remarks>
internal interface IPolicyObserver
{
    /// <summary>Called with each policy, and again whenever it changed.</summary>
    /// <param name="item">The object, with its status.</param>
    /// <param name="policy">The bound policy; null if the object has an error.</param>
    void Seen(PolicyObject item, BackupPolicy? policy);

    /// <summary>Called when a policy no longer exists, perhaps more than once.</summary>
    /// <param name="name">Its name in the namespace that is watched.</param>
    void Gone(string name);
}
