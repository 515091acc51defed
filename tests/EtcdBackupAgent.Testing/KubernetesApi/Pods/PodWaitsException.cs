namespace EtcdBackupAgent.Testing.KubernetesApi.Pods;

/// <summary>
/// The component of a cluster that finds that a pod cannot start, and the place where it reports this.
/// </summary>
internal enum PodWait
{
    /// <summary>The scheduler, in the pod's condition <c>PodScheduled</c>.</summary>
    Node,

    /// <summary>Kubelet, only in an event about the pod.</summary>
    Mount,

    /// <summary>Kubelet, in the state of the container.</summary>
    Container,
}

/// <summary>A pod cannot start yet, because something is missing that may still be created.</summary>
internal sealed class PodWaitsException(PodWait kind, string message) : Exception(message)
{
    public PodWait Kind { get; } = kind;
}
