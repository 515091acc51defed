using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Resources.Binding;

namespace EtcdBackupAgent.Kubernetes.Reading;

/// <summary>Finds the names of the Secrets that an object needs, before it is validated: an invalid name is
/// ignored.</summary>
internal static class SecretNames
{
    /// <summary>The Secret of a location's credentials; null if it names none.</summary>
    public static ResourceName? OfLocation(LocationObject location) =>
        Named(location, location.Credentials);

    /// <summary>The Secret with the client certificate for etcd; null if every endpoint is plain http.</summary>
    public static ResourceName? OfPolicy(PolicyObject policy)
    {
        string endpoints = policy.EtcdEndpoint ?? BackupPolicy.EtcdEndpointDefault;
        bool isPlain = endpoints.Split(',', StringSplitOptions.TrimEntries)
            .All(endpoint => endpoint.StartsWith("http://", StringComparison.OrdinalIgnoreCase));
        return isPlain
            ? null
            : Named(policy, policy.EtcdCredentials ?? PolicyBinding.EtcdCredentialsDefault);
    }

    private static ResourceName? Named(ClusterObject item, string? name) =>
        name is not null && DocumentIdentity.IsName(name) ? new ResourceName(item.Namespace, name) : null;
}
