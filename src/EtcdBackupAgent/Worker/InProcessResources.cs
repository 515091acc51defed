using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Kubernetes.Reading;

namespace EtcdBackupAgent.Worker;

/// <summary>
/// The resources of the worker in a controller: the policies of the cluster that it backs up itself. If there is none,
/// the API server is not read.
/// </summary>
internal sealed class InProcessResources(ClusterResourceStore cluster, ClusterPolicies policies) : IResourceStore
{
    private static readonly ResourceSet Nothing = new()
    {
        Policies = new Dictionary<ResourceName, BackupPolicy>(),
        Locations = new Dictionary<ResourceName, BackupLocation>(),
        Secrets = new Dictionary<ResourceName, SecretContent>(),
        Problems = [],
    };

    public string Address => cluster.Address;

    public async Task<ResourceSet> LoadAsync(CancellationToken cancellationToken)
    {
        IReadOnlySet<string> names = policies.InProcess;
        if (names.Count == 0)
        {
            return Nothing;
        }

        ResourceSet all = await cluster.LoadAsync(cancellationToken);
        return all with
        {
            Policies = all.Policies.Values.Where(p => names.Contains(p.Name.Name)).ToDictionary(p => p.Name),
            Version = $"{all.Version} {string.Join(' ', names.Order(StringComparer.Ordinal))}",
        };
    }
}
