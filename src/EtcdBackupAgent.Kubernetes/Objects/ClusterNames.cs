using EtcdBackupAgent.Resources.Binding;

namespace EtcdBackupAgent.Kubernetes.Objects;

/// <summary>The names that identify the agent's objects in a cluster. They are kubedr's names where kubedr has one; see
/// <c>docs/kubernetes.md</c>.</summary>
internal static class ClusterNames
{
    /// <summary>On a snapshot that was made before an upgrade: the value before.</summary>
    public const string BeforeUpgradeLabel = $"{DocumentIdentity.Group}/before-upgrade";

    /// <summary>On a record that is being deleted, until its snapshot is deleted or kept. Other records have no
    /// finalizer: nothing would remove it if the agent is not running or has lost its rights.</summary>
    public const string RecordFinalizer = $"mbr.finalizers.{DocumentIdentity.Group}";

    /// <summary>The finalizer of kubedr and of agents up to 0.1. The agent removes it from every policy that has
    /// it.</summary>
    public const string PolicyFinalizer = $"metadata-backup-policy.finalizers.{DocumentIdentity.Group}";

    /// <summary>On a policy: each new value requests one backup now.</summary>
    public const string BackupNowAnnotation = $"{DocumentIdentity.Group}/backup-now";

    /// <summary>On a record whose snapshot is to be deleted. The value is the time of the request.</summary>
    public const string DeletionRequestedAnnotation = $"{DocumentIdentity.Group}/deletion-asked";

    /// <summary>On a record that the agent removes because its snapshot is already gone.</summary>
    public const string SnapshotGoneAnnotation = $"{DocumentIdentity.Group}/snapshot-gone";

    /// <summary>
    /// On objects that are created for a policy, a record or a restore: <c>backup</c>, <c>changelog</c> or
    /// <c>restore</c>.
    /// </summary>
    public const string TypeLabel = "kubedr.type";

    public const string PolicyLabel = "kubedr.backup-policy";

    /// <summary>On a record whose snapshot belongs to no policy of this cluster: it is from another cluster that shares
    /// the bucket, from another etcd cluster than the one that the policy backs up, or from a policy that no longer
    /// exists. The snapshot is listed and never pruned.</summary>
    public const string ForeignLabel = $"{DocumentIdentity.Group}/foreign";

    /// <summary>The name of the agent as a writer of events and in server-side apply.</summary>
    public const string Component = "etcd-backup-agent";

    public static string CronJobOf(string policy) => $"{policy}-backup-cronjob";

    /// <summary>The name of the Deployment that writes a policy's change log, and of the Lease of the writer.</summary>
    public static string ChangeLogOf(string policy) => $"{policy}-changelog";

    public static string RecordOf(string snapshotId) => $"mbr-{snapshotId}";
}
