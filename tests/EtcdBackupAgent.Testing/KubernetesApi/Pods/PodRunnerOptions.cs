namespace EtcdBackupAgent.Testing.KubernetesApi.Pods;

/// <summary>Where pods are run, and how.</summary>
public sealed record PodRunnerOptions
{
    public required KubernetesApiServer Server { get; init; }

    /// <summary>Where pods find the API server.</summary>
    public required Uri ApiUrl { get; init; }

    public required string Namespace { get; init; }

    /// <summary>The program that the image has under the name <c>etcd-backup-agent</c>.</summary>
    public required string Agent { get; init; }

    /// <summary>What every container's environment begins with; null takes a variable of the test's own away.</summary>
    public required IReadOnlyDictionary<string, string?> Environment { get; init; }

    /// <summary>The nodes that there are: one of the control plane, as kubeadm makes it, and no other.</summary>
    internal IReadOnlyList<ClusterNode> Nodes { get; init; } =
    [
        new ClusterNode(
            "control-1",
            ["node-role.kubernetes.io/control-plane"],
            ["node-role.kubernetes.io/control-plane"]),
    ];
}

/// <summary>A node of the tests' cluster.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Labels">Keys of its labels.</param>
/// <param name="Taints">Keys of its taints, all with the effect NoSchedule.</param>
internal sealed record ClusterNode(string Name, IReadOnlyCollection<string> Labels, IReadOnlyCollection<string> Taints);
