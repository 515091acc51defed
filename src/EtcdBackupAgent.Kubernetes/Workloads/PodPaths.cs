namespace EtcdBackupAgent.Kubernetes.Workloads;

/// <summary>The paths of the volumes in a pod.</summary>
internal static class PodPaths
{
    public const string EtcdCredentials = "/var/run/etcd-backup-agent/etcd-creds";

    public const string Temporary = "/tmp";

    /// <summary>A directory on the node's disk, for sealed data.</summary>
    public const string Scratch = "/scratch";

    public const string Restored = "/restore";

    /// <summary>The directory of the ConfigMap with resource modifiers.</summary>
    public const string Patches = "/var/run/etcd-backup-agent/patches";

    /// <summary>The directory of the Secret with the API server's EncryptionConfiguration.</summary>
    public const string EncryptionConfig = "/var/run/etcd-backup-agent/encryption-config";
}
