namespace EtcdBackupAgent.Testing.KubernetesApi.Pods;

/// <summary>The configuration of a <see cref="PodRunner"/>.</summary>
public sealed record PodRunnerOptions
{
    public required KubernetesApiServer Server { get; init; }

    /// <summary>The URL at which pods reach the API server.</summary>
    public required Uri ApiUrl { get; init; }

    public required string Namespace { get; init; }

    /// <summary>The path of the program that is called <c>etcd-backup-agent</c> in the image.</summary>
    public required string Agent { get; init; }

    /// <summary>The initial environment of every container; null removes a variable of the test process.</summary>
    public required IReadOnlyDictionary<string, string?> Environment { get; init; }

    /// <summary>The nodes of the cluster: one control-plane node, as kubeadm creates it.</summary>
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
