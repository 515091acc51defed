using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Reading;

/// <summary>Identifies the state of the objects that were read, for
/// <see cref="Core.Policies.ResourceSet.Version"/>.</summary>
internal static class ClusterVersion
{
    /// <summary>
    /// Uses the generation of locations and policies, which changes only with their specification: every backup changes
    /// their status, and thus their resource version, but not what they specify. Secrets have no status and no
    /// generation.
    /// </summary>
    public static string Of(
        IEnumerable<LocationObject> locations, IEnumerable<PolicyObject> policies, IEnumerable<JsonObject> secrets)
    {
        IEnumerable<string> lines = locations.Concat<ClusterObject>(policies)
            .Select(item => $"{item.Uid} {item.Generation}")
            .Concat(secrets.Select(item => $"{ObjectMetadata.Uid(item)} {ObjectMetadata.ResourceVersion(item)}"))
            .Order(StringComparer.Ordinal);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', lines))));
    }
}
