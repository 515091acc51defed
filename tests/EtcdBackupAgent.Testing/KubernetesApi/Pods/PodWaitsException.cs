namespace EtcdBackupAgent.Testing.KubernetesApi.Pods;

/// <summary>Who in a cluster would find that a pod cannot start, and where it would say so.</summary>
internal enum PodWait
{
    /// <summary>The scheduler, in the pod's condition <c>PodScheduled</c>.</summary>
    Node,

    /// <summary>Kubelet, in an event about the pod and nowhere else.</summary>
    Mount,

    /// <summary>Kubelet, in the state of the container.</summary>
    Container,
}

/// <summary>A pod cannot start yet; what is missing may come.</summary>
internal sealed class PodWaitsException(PodWait kind, string message) : Exception(message)
{
    public PodWait Kind { get; } = kind;
}
