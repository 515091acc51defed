namespace EtcdBackupAgent.Core.Policies;

/// <summary>
/// A <c>MetadataBackupPolicy</c>, validated and with its defaults filled in: what to back up, where to, when, and how many to keep.
/// Field by field it is kubedr's resource; see <c>docs/policies.md</c>.
/// </summary>
public sealed record BackupPolicy
{
    /// <summary>kubedr's default for <c>retainNumBackups</c>.</summary>
    public const int RetainNumBackupsDefault = 120;

    /// <summary>kubedr's default for <c>etcdEndpoint</c>.</summary>
    public const string EtcdEndpointDefault = "https://127.0.0.1:2379";

    /// <summary>The port of an etcd whose URL names none.</summary>
    public const int EtcdPortDefault = 2379;

    public required ResourceName Name { get; init; }

    /// <summary>What a cluster tells it from every other policy by, also from one of the same name; null where no cluster
    /// has given it one.</summary>
    public string? Uid { get; init; }

    /// <summary>Name of the <see cref="BackupLocation"/>, in the policy's namespace.</summary>
    public required ResourceName Destination { get; init; }

    /// <summary>Directory whose whole content is backed up beside the database; null for none.</summary>
    public string? CertsDirectory { get; init; }

    /// <summary>One or several client URLs, at least one.</summary>
    public required IReadOnlyList<Uri> EtcdEndpoints { get; init; }

    /// <summary>Name of the Secret with <c>ca.crt</c>, <c>client.crt</c>, <c>client.key</c>.</summary>
    public required ResourceName EtcdCredentials { get; init; }

    /// <summary>When to back up; null means once, on demand.</summary>
    public BackupSchedule? Schedule { get; init; }

    /// <summary>How many complete snapshots of this policy to keep, at least 1.</summary>
    public required int RetainNumBackups { get; init; }

    /// <summary>
    /// The name or address that the certificates of etcd's servers must be for; null for the host of the endpoint.
    /// </summary>
    public string? EtcdServerName { get; init; }

    /// <summary>How often etcd is asked for HashKV.</summary>
    public PolicyHashKv HashKv { get; init; } = PolicyHashKv.Daily;

    /// <summary>When its snapshots are verified deeply.</summary>
    public PolicyVerification Verify { get; init; } = PolicyVerification.Never;

    /// <summary>Who makes the backups where the policy lives in a cluster; the option <c>execution</c>. Without Kubernetes it is always the
    /// agent's own process.</summary>
    public PolicyExecution Execution { get; init; } = PolicyExecution.CronJob;

    /// <summary>While true the schedule does nothing.</summary>
    public required bool Suspend { get; init; }

    public required IReadOnlyDictionary<string, string> Options { get; init; }
}

/// <summary>
/// How often a backup asks etcd for HashKV, the hash of its whole content. A member makes no write and no linearizable
/// read while it computes one.
/// </summary>
public enum PolicyHashKv
{
    /// <summary>
    /// When no snapshot of the last day has one, and the database is not too large (<c>HashKvStep</c>).
    /// </summary>
    Daily,

    /// <summary>After each backup, whatever the size of the database.</summary>
    AfterBackup,

    Never,
}

/// <summary>When the agent verifies a policy's snapshots deeply on its own.</summary>
public enum PolicyVerification
{
    /// <summary>Only when somebody asks for it.</summary>
    Never,

    /// <summary>Each one right after it was made. The agent then needs a key that opens it.</summary>
    AfterBackup,
}

/// <summary>Who makes a policy's backups in a Kubernetes cluster.</summary>
public enum PolicyExecution
{
    /// <summary>A pod for each, on a control-plane node.</summary>
    CronJob,

    /// <summary>The process of the controller, which then must be able to reach etcd and the certificates.</summary>
    InProcess,
}
