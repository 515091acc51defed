using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Resources.Binding;

namespace EtcdBackupAgent.Kubernetes.Reading;

/// <summary>Which Secrets an object needs, told before it is validated: what is no name is named by nobody.</summary>
internal static class SecretNames
{
    /// <summary>The Secret of a location's credentials; null if it names none.</summary>
    public static ResourceName? OfLocation(JsonObject location) =>
        Named(location, ObjectMetadata.Find(location, "spec", "credentials"));

    /// <summary>The Secret with the client certificate for etcd; null if every endpoint is plain http.</summary>
    public static ResourceName? OfPolicy(JsonObject policy)
    {
        string endpoints = ObjectMetadata.Find(policy, "spec", "etcdEndpoint") ?? BackupPolicy.EtcdEndpointDefault;
        bool isPlain = endpoints.Split(',', StringSplitOptions.TrimEntries)
            .All(endpoint => endpoint.StartsWith("http://", StringComparison.OrdinalIgnoreCase));
        return isPlain
            ? null
            : Named(policy, ObjectMetadata.Find(policy, "spec", "etcdCreds") ?? PolicyBinding.EtcdCredentialsDefault);
    }

    private static ResourceName? Named(JsonObject item, string? name) =>
        name is not null && DocumentIdentity.IsName(name) ? new ResourceName(ObjectMetadata.Namespace(item), name) : null;
}
