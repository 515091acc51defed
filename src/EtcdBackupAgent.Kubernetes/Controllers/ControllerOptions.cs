namespace EtcdBackupAgent.Kubernetes.Controllers;

/// <summary>The controller's times and limits.</summary>
internal sealed record ControllerOptions
{
    /// <summary>Objects of one kind that are looked at at the same time.</summary>
    public int WorkersPerKind { get; init; } = 2;

    /// <summary>How long one reconciliation may take. It is far more than a comparison of records with a large bucket
    /// takes: what is slower hangs, though every request has a limit of its own, and must not keep its worker.</summary>
    public TimeSpan ReconcileTimeout { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>The wait after a first failure; twice as long after each further one.</summary>
    public TimeSpan RetryMin { get; init; } = TimeSpan.FromSeconds(1);

    public TimeSpan RetryMax { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The longest wait where the API server could not be reached: when it is back, all is to be caught up
    /// soon.</summary>
    public TimeSpan RetryUnreachableMax { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How soon something that is wrong, and that no watch tells of when it is mended, is looked at again: a
    /// Secret, a bucket.</summary>
    public TimeSpan Recheck { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long the pod of a Job may take to start before its status and its events are read: a node is
    /// found, an image pulled and volumes are mounted meanwhile.</summary>
    public TimeSpan StartPatience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a pod that has not started may give no reason, as while a large image is pulled.</summary>
    public TimeSpan StartSilenceMax { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How soon the worker is asked again for a backup of a policy that it does not know yet: it is reading
    /// the policy at that moment.</summary>
    public TimeSpan WorkerRecheck { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How often the records are compared with the repositories.</summary>
    public TimeSpan SyncPeriod { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long after a record appeared or went its location is compared with the repository; what changes
    /// meanwhile, as when a backup prunes, is in the same comparison.</summary>
    public TimeSpan FollowDelay { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The least time between two comparisons that records gave rise to: one lists the bucket and reads its
    /// manifests, however often backups come.</summary>
    public TimeSpan FollowIntervalMin { get; init; } = TimeSpan.FromSeconds(30);
}
