namespace EtcdBackupAgent.Kubernetes.Controllers;

/// <summary>The controller's times and limits.</summary>
internal sealed record ControllerOptions
{
    /// <summary>The number of objects of one kind that are reconciled at the same time.</summary>
    public int WorkersPerKind { get; init; } = 2;

    /// <summary>How long one reconciliation may take. It is far more than a comparison of records with a large bucket
    /// takes: a slower reconciliation hangs, although every request has a limit of its own, and must not occupy its
    /// worker.</summary>
    public TimeSpan ReconcileTimeout { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>The wait after the first failure; it doubles after each further one.</summary>
    public TimeSpan RetryMin { get; init; } = TimeSpan.FromSeconds(1);

    public TimeSpan RetryMax { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The longest wait while the API server is unreachable: when it is back, the agent has to catch up
    /// soon.</summary>
    public TimeSpan RetryUnreachableMax { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How soon the agent checks again something that is wrong and whose repair no watch reports: a Secret, a
    /// bucket.</summary>
    public TimeSpan Recheck { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long the pod of a Job may take to start before its status and its events are read. In this time the
    /// pod gets a node, its image is pulled and its volumes are mounted.</summary>
    public TimeSpan StartGracePeriod { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a pod may stay without a start and without a reason, as while a large image is
    /// pulled.</summary>
    public TimeSpan UnexplainedDelayMax { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How soon the worker is asked again for a backup of a policy that it does not know yet, because it is
    /// still reading the policy.</summary>
    public TimeSpan WorkerRecheck { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How often the records are compared with the repositories.</summary>
    public TimeSpan SyncPeriod { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long after a record appeared or was removed its location is compared with the repository. The same
    /// comparison covers what changes in this time, as when a backup prunes.</summary>
    public TimeSpan SyncDelay { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The shortest time between two comparisons that changes of records cause. Each comparison lists the
    /// bucket and reads its manifests, so it must not run after every backup.</summary>
    public TimeSpan SyncIntervalMin { get; init; } = TimeSpan.FromSeconds(30);
}
