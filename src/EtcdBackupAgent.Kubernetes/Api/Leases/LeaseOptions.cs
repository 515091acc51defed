namespace EtcdBackupAgent.Kubernetes.Api.Leases;

/// <summary>Which lease, for whom, and how long it holds. The times are those of Kubernetes' own controllers.</summary>
internal sealed record LeaseOptions
{
    public required string Namespace { get; init; }

    public required string Name { get; init; }

    /// <summary>Unique among all that may hold the lease: a pod's name.</summary>
    public required string Identity { get; init; }

    /// <summary>Others take the lease when they have seen no sign of life for this long. Whole seconds.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>The holder gives up if it could not renew for this long: less than <see cref="Duration"/>, by more than
    /// clocks drift apart in it.</summary>
    public TimeSpan RenewDeadline { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Between two tries, of the holder and of those that wait.</summary>
    public TimeSpan RetryPeriod { get; init; } = TimeSpan.FromSeconds(2);
}
