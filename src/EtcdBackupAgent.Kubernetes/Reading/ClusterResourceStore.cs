using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Reading;

/// <summary>Reads the policies and locations of one namespace of a cluster, and the Secrets that they name.</summary>
internal sealed class ClusterResourceStore(ConnectedCluster cluster, ISecretSource secrets) : IResourceStore
{
    /// <summary>With Secrets by the API.</summary>
    public ClusterResourceStore(ConnectedCluster cluster)
        : this(cluster, new ApiSecrets(cluster.Client))
    {
    }

    public string Address => cluster.ToString();

    /// <inheritdoc/>
    /// <exception cref="BackupException">Or what the API server says.</exception>
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
    /// <exception cref="ApiStatusException">As all that <see cref="KubernetesClient"/> throws.</exception>
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

    /// <summary>A location that was read already, with its Secret; it is among the resources if it is right.</summary>
    /// <exception cref="ApiStatusException">As all that <see cref="KubernetesClient"/> throws.</exception>
    public Task<ResourceSet> BindLocationAsync(LocationObject location, CancellationToken cancellationToken) =>
        new ClusterBinding(secrets).BindAsync([location], [], cancellationToken);

    private Task<ResourceList> ListAsync(ResourceKind kind, CancellationToken cancellationToken) =>
        cluster.Client.ListAsync(kind, cluster.Namespace, ResourceSelection.All, cancellationToken);
}
