namespace EtcdBackupAgent.Kubernetes.Workloads;

/// <summary>What the pods of backups and restores run: the controller's own image.</summary>
internal sealed record PodImage(string Name)
{
    /// <summary>The program in it.</summary>
    public const string Program = "etcd-backup-agent";

    /// <summary>The node of the controller, which has the directories of the locations that the controller can use;
    /// null outside of a cluster.</summary>
    public string? Node { get; init; }

    /// <summary>The proxies of the controller's environment, by variable: a pod reaches the store and the API server
    /// as the controller does.</summary>
    public IReadOnlyDictionary<string, string> Proxies { get; init; } =
        new Dictionary<string, string>(StringComparer.Ordinal);
}
