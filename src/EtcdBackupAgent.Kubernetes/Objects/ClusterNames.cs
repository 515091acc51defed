using EtcdBackupAgent.Resources.Binding;

namespace EtcdBackupAgent.Kubernetes.Objects;

/// <summary>The names by which objects in a cluster are known to be the agent's. kubedr's, where kubedr has one; see
/// <c>docs/kubernetes.md</c>.</summary>
internal static class ClusterNames
{
    /// <summary>On a record that is being deleted, until its snapshot has been dealt with. One that nobody deleted has
    /// no finalizer: nothing would remove it where the agent is not running, or has lost its rights.</summary>
    public const string RecordFinalizer = $"mbr.finalizers.{DocumentIdentity.Group}";

    /// <summary>kubedr's, and that of agents up to 0.1: it is removed from every policy that has it.</summary>
    public const string PolicyFinalizer = $"metadata-backup-policy.finalizers.{DocumentIdentity.Group}";

    /// <summary>On a policy: makes one backup now for each new value.</summary>
    public const string BackupNowAnnotation = $"{DocumentIdentity.Group}/backup-now";

    /// <summary>On a record: its snapshot is to be deleted, and since when. Its value is the time.</summary>
    public const string DeletionAskedAnnotation = $"{DocumentIdentity.Group}/deletion-asked";

    /// <summary>On a record that the agent removes: its snapshot is gone already.</summary>
    public const string SnapshotGoneAnnotation = $"{DocumentIdentity.Group}/snapshot-gone";

    /// <summary>On what is made for a policy, a record or a restore: <c>backup</c> or <c>restore</c>.</summary>
    public const string TypeLabel = "kubedr.type";

    public const string PolicyLabel = "kubedr.backup-policy";

    /// <summary>On a record whose snapshot is none of a policy here: of another cluster that shares the bucket, of
    /// another etcd cluster than the one that the policy backs up, of a policy that is gone. It is listed, and never
    /// pruned.</summary>
    public const string ForeignLabel = $"{DocumentIdentity.Group}/foreign";

    /// <summary>Who writes, for events and server-side apply.</summary>
    public const string Component = "etcd-backup-agent";

    public static string CronJobOf(string policy) => $"{policy}-backup-cronjob";

    public static string RecordOf(string snapshotId) => $"mbr-{snapshotId}";
}
