using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Publishing;
using EtcdBackupAgent.Kubernetes.Reading;
using EtcdBackupAgent.Runtime;

namespace EtcdBackupAgent.Pods;

/// <summary>A policy of a cluster as a pod has read it, with what the pod needs to back it up.</summary>
internal sealed record PodPolicy
{
    /// <summary>The policy and its location, which may not be valid.</summary>
    public required BoundPolicy Bound { get; init; }

    /// <summary>Publishes each backup.</summary>
    public required Publisher Publisher { get; init; }

    /// <summary>
    /// The recipients that the location is pinned to. A pod compares with the pin in the location that it has read. A
    /// caller with access to Secrets pins in the location's status, as the controller does.
    /// </summary>
    public required IRecipientPins Pins { get; init; }

    /// <summary>Reads a policy.</summary>
    /// <param name="cluster">The cluster to read from.</param>
    /// <param name="name">The policy, in the cluster's namespace.</param>
    /// <param name="etcdCredentials">
    /// The directory where the pod's Secret for etcd is mounted. All Secrets then come from the pod, and none is read
    /// from the API. Null to read them from the API.
    /// </param>
    /// <param name="warn">Receives warnings.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">A cancelled call changes nothing.</param>
    /// <exception cref="BackupException">The policy does not exist, or cannot be read.</exception>
    public static async Task<PodPolicy> ReadAsync(
        ConnectedCluster cluster,
        string name,
        string? etcdCredentials,
        Action<string> warn,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        ISecretSource secrets = etcdCredentials is null
            ? new ApiSecrets(cluster.Client)
            : new PodSecrets(Environment.GetEnvironmentVariable, etcdCredentials);
        BoundPolicy bound = await new ClusterDocuments(cluster, secrets, Environment.GetEnvironmentVariable, time)
            .FindAsync(name, warn, cancellationToken);
        foreach (ResourceProblem problem in bound.Resources.Problems.Where(p => p.Severity == ProblemSeverity.Warning))
        {
            warn($"{problem}");
        }

        return new PodPolicy
        {
            Bound = bound,
            Publisher = new Publisher(cluster.Client, PodIdentity.Name(), time)
            {
                Limits = bound.IsPodCopy ? PublisherLimits.AfterNoResponse : new PublisherLimits(),
            },
            Pins = etcdCredentials is not null && bound.LocationDocument is { } location
                ? new DocumentPins(location)
                : new LocationStatusPins(cluster.Client),
        };
    }
}
