using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Controllers;

/// <summary>
/// Applies a CronJob or a Deployment, and writes it only if it differs from what is wanted. A field that the server
/// filled in is not a difference; a field that a user edited is.
/// </summary>
internal sealed class AppliedWorkload(ConnectedCluster cluster)
{
    public async Task ApplyAsync(ResourceKind kind, WorkloadObject wanted, CancellationToken cancellationToken)
    {
        string digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(wanted.Json.ToJsonString())));
        JsonObject stamped = wanted.WithDigest(digest);
        JsonObject? existing = await cluster.Client.FindAsync(
            kind, cluster.Namespace, wanted.Name, cancellationToken);
        if (existing is null || !Contains(stamped, existing))
        {
            await cluster.Client.ApplyAsync(
                kind,
                cluster.Namespace,
                subresource: null,
                stamped,
                ClusterNames.Component,
                force: true,
                cancellationToken);
        }
    }

    /// <summary>Whether the existing node has everything that is wanted. Lists must have the same length.</summary>
    internal static bool Contains(JsonNode? wanted, JsonNode? existing) => (wanted, existing) switch
    {
        (JsonObject some, JsonObject all) => some.All(field => Contains(field.Value, all[field.Key])),
        (JsonArray some, JsonArray all) =>
            some.Count == all.Count && some.Zip(all).All(pair => Contains(pair.First, pair.Second)),
        _ => JsonNode.DeepEquals(wanted, existing),
    };
}
