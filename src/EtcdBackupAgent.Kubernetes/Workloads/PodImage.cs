namespace EtcdBackupAgent.Kubernetes.Workloads;

/// <summary>What the pods of backups and restores run: the controller's own image.</summary>
internal sealed record PodImage(string Name)
{
    /// <summary>The program in it.</summary>
    public const string Program = "etcd-backup-agent";

    /// <summary>The node of the controller, which has the directories of the locations that the controller can use;
    /// null outside of a cluster.</summary>
    public string? Node { get; init; }
}
