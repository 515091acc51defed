namespace EtcdBackupAgent.Kubernetes.Api.Leases;

/// <summary>The name of a lease, its holder and its times. The times are those of Kubernetes' own
/// controllers.</summary>
internal sealed record LeaseOptions
{
    public required string Namespace { get; init; }

    public required string Name { get; init; }

    /// <summary>The holder's name, unique among all possible holders: a pod's name.</summary>
    public required string Identity { get; init; }

    /// <summary>Another process may acquire the lease if it has not been renewed for this long. Whole
    /// seconds.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>The holder gives up if it could not renew the lease for this long. It is less than
    /// <see cref="Duration"/>; the difference is greater than the drift between two clocks in that time.</summary>
    public TimeSpan RenewDeadline { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// If the API server has not responded for this long, the work starts without the lease. It must be safe if
    /// several processes do it. Null: the work never starts without the lease.
    /// </summary>
    public TimeSpan? UnreachableMax { get; init; }

    /// <summary>The time between two attempts, both of the holder and of waiting processes.</summary>
    public TimeSpan RetryPeriod { get; init; } = TimeSpan.FromSeconds(2);
}
