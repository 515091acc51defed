namespace EtcdBackupAgent.Core.Policies;

/// <summary>
/// A validated <c>MetadataBackupPolicy</c> with its defaults filled in: what to back up, where, when, and how many
/// snapshots to keep. Its fields are those of kubedr's resource; see <c>docs/policies.md</c>.
/// </summary>
public sealed record BackupPolicy
{
    /// <summary>kubedr's default for <c>retainNumBackups</c>.</summary>
    public const int RetainNumBackupsDefault = 120;

    /// <summary>kubedr's default for <c>etcdEndpoint</c>.</summary>
    public const string EtcdEndpointDefault = "https://127.0.0.1:2379";

    /// <summary>The port of etcd if the URL contains none.</summary>
    public const int EtcdPortDefault = 2379;

    public required ResourceName Name { get; init; }

    /// <summary>
    /// The UID that distinguishes the policy from all others in its cluster, even from one with the same name; null if
    /// the policy does not come from a cluster.
    /// </summary>
    public string? Uid { get; init; }

    /// <summary>The name of the <see cref="BackupLocation"/>, in the policy's namespace.</summary>
    public required ResourceName Destination { get; init; }

    /// <summary>The directory that is backed up in addition to the database; null for none.</summary>
    public string? CertsDirectory { get; init; }

    /// <summary>The objects to back up through the API server; null if etcd is backed up.</summary>
    public PolicyObjects? Objects { get; init; }

    /// <summary>The client URLs; at least one, unless <see cref="Objects"/> are backed up.</summary>
    public required IReadOnlyList<Uri> EtcdEndpoints { get; init; }

    /// <summary>The name of the Secret with <c>ca.crt</c>, <c>client.crt</c>, <c>client.key</c>.</summary>
    public required ResourceName EtcdCredentials { get; init; }

    /// <summary>When to back up; null for one backup on demand.</summary>
    public BackupSchedule? Schedule { get; init; }

    /// <summary>Which snapshots of this policy are kept.</summary>
    public required PolicyRetention Retention { get; init; }

    /// <summary>When backups are incremental; null if all are full.</summary>
    public PolicyIncrements? Increments { get; init; }

    /// <summary>How every change of etcd is written between the snapshots; null if no change log is written.</summary>
    public PolicyChangeLog? ChangeLog { get; init; }

    /// <summary>The field before whose change a backup is made; null if none is watched.</summary>
    public WatchedField? BeforeUpgrade { get; init; }

    /// <summary>The age of the newest snapshot at which the writer of the change log makes another one.</summary>
    public TimeSpan SnapshotEvery => Increments?.FullEvery ?? PolicyIncrements.FullEveryDefault;

    /// <summary>
    /// The name or address that etcd's server certificates must contain; null for the host of the endpoint.
    /// </summary>
    public string? EtcdServerName { get; init; }

    /// <summary>How often HashKV is requested from etcd.</summary>
    public PolicyHashKv HashKv { get; init; } = PolicyHashKv.Daily;

    /// <summary>When the policy's snapshots are verified deeply.</summary>
    public PolicyVerification Verify { get; init; } = PolicyVerification.Never;

    /// <summary>
    /// What makes the backups of a policy in a cluster; the option <c>execution</c>. Without Kubernetes it is always
    /// the agent's own process.
    /// </summary>
    public PolicyExecution Execution { get; init; } = PolicyExecution.CronJob;

    /// <summary>Whether the schedule is suspended.</summary>
    public required bool Suspend { get; init; }

    public required IReadOnlyDictionary<string, string> Options { get; init; }
}

/// <summary>What the state of a cluster is read from.</summary>
public enum PolicySource
{
    /// <summary>The whole database of etcd.</summary>
    Etcd,

    /// <summary>Objects, through the API server: for clusters whose etcd is out of reach, or a part of one.</summary>
    Objects,
}

/// <summary>
/// How often a backup requests HashKV, the hash of the whole content, from etcd. A member serves no write and no
/// linearizable read while it computes one.
/// </summary>
public enum PolicyHashKv
{
    /// <summary>If no snapshot of the last day has one and the database is not too large (<c>HashKvStep</c>).</summary>
    Daily,

    /// <summary>After each backup, whatever the size of the database.</summary>
    AfterBackup,

    Never,
}

/// <summary>When the agent verifies a policy's snapshots deeply without a request.</summary>
public enum PolicyVerification
{
    /// <summary>Only on request.</summary>
    Never,

    /// <summary>Each snapshot immediately after it was made. The agent then needs a key that opens it.</summary>
    AfterBackup,
}

/// <summary>What makes a policy's backups in a Kubernetes cluster.</summary>
public enum PolicyExecution
{
    /// <summary>One pod for each backup, on a control-plane node.</summary>
    CronJob,

    /// <summary>The controller's own process, which must then be able to reach etcd and the certificates.</summary>
    InProcess,
}
