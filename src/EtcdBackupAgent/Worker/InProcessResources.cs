using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Kubernetes.Reading;

namespace EtcdBackupAgent.Worker;

/// <summary>What the worker in a controller goes by: the policies of the cluster that are its own. While there is none, nothing is
/// asked.</summary>
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
        IReadOnlySet<string> own = policies.InProcess;
        if (own.Count == 0)
        {
            return Nothing;
        }

        ResourceSet all = await cluster.LoadAsync(cancellationToken);
        return all with
        {
            Policies = all.Policies.Values.Where(p => own.Contains(p.Name.Name)).ToDictionary(p => p.Name),
            Version = $"{all.Version} {string.Join(' ', own.Order(StringComparer.Ordinal))}",
        };
    }
}
