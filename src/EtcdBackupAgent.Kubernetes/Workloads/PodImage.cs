namespace EtcdBackupAgent.Kubernetes.Workloads;

/// <summary>The image of the pods for backups and restores: the controller's own image.</summary>
internal sealed record PodImage(string Name)
{
    /// <summary>The program in the image.</summary>
    public const string Program = "etcd-backup-agent";

    /// <summary>The controller's node, which has the directories of the locations that the controller can use; null
    /// outside of a cluster.</summary>
    public string? Node { get; init; }

    /// <summary>The proxies from the controller's environment, by variable: a pod reaches the store and the API server
    /// in the same way as the controller.</summary>
    public IReadOnlyDictionary<string, string> Proxies { get; init; } =
        new Dictionary<string, string>(StringComparer.Ordinal);
}
