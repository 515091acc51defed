using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Reading;

/// <summary>Reads the policies and locations of one namespace of a cluster, and the Secrets that they name.</summary>
internal sealed class ClusterResourceStore(ConnectedCluster cluster, ISecretSource secrets) : IResourceStore
{
    /// <summary>Creates a store that reads the Secrets from the API.</summary>
    public ClusterResourceStore(ConnectedCluster cluster)
        : this(cluster, new ApiSecrets(cluster.Client))
    {
    }

    public string Address => cluster.ToString();

    /// <inheritdoc/>
    /// <exception cref="BackupException">A request to the API server failed.</exception>
    public async Task<ResourceSet> LoadAsync(CancellationToken cancellationToken)
    {
        try
        {
            ResourceList locations = await ListAsync(ClusterKinds.BackupLocation, cancellationToken);
            ResourceList policies = await ListAsync(ClusterKinds.Policy, cancellationToken);
            return await new ClusterBinding(secrets).BindAsync(
                [.. locations.Items.Select(item => new LocationObject(item))],
                [.. policies.Items.Select(item => new PolicyObject(item))],
                cancellationToken);
        }
        catch (Exception e) when (ApiFailure.IsKnown(e))
        {
            throw ApiFailure.From(cluster.Client.Connection, "read policies and locations", e);
        }
    }

    /// <summary>Reads the location of a policy, and the Secrets of both.</summary>
    /// <exception cref="ApiStatusException">A request failed; likewise the other exceptions of
    /// <see cref="KubernetesClient"/>.</exception>
    public async Task<BoundPolicy> BindAsync(PolicyObject policy, CancellationToken cancellationToken)
    {
        LocationObject? location = policy.Destination is { Length: > 0 } destination
            ? LocationObject.Of(await cluster.Client.FindAsync(
                ClusterKinds.BackupLocation, cluster.Namespace, destination, cancellationToken))
            : null;
        return new BoundPolicy
        {
            Document = policy,
            LocationDocument = location,
            Resources = await new ClusterBinding(secrets).BindAsync(
                location is null ? [] : [location], [policy], cancellationToken),
        };
    }

    /// <summary>Binds a location that was read already, with its Secret. It is among the resources if it is
    /// valid.</summary>
    /// <exception cref="ApiStatusException">A request failed; likewise the other exceptions of
    /// <see cref="KubernetesClient"/>.</exception>
    public Task<ResourceSet> BindLocationAsync(LocationObject location, CancellationToken cancellationToken) =>
        new ClusterBinding(secrets).BindAsync([location], [], cancellationToken);

    private Task<ResourceList> ListAsync(ResourceKind kind, CancellationToken cancellationToken) =>
        cluster.Client.ListAsync(kind, cluster.Namespace, ResourceSelection.All, cancellationToken);
}
