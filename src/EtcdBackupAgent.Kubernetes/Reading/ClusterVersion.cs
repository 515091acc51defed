using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Reading;

/// <summary>Names the state of the objects that were read, for <see cref="Core.Policies.ResourceSet.Version"/>.</summary>
internal static class ClusterVersion
{
    /// <summary>
    /// Of locations and policies the generation counts, which changes with their specification only: every backup writes
    /// their status, and with it their resource version, and has changed nothing that was asked for. Secrets have no
    /// status and no generation.
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
