namespace EtcdBackupAgent.Kubernetes.Workloads;

/// <summary>Where a pod finds what it is given.</summary>
internal static class PodPaths
{
    public const string EtcdCredentials = "/var/run/etcd-backup-agent/etcd-creds";

    public const string Temporary = "/tmp";

    /// <summary>On the node's disk: for what is sealed.</summary>
    public const string Scratch = "/scratch";

    public const string Restored = "/restore";
}
