using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Controllers;

/// <summary>Applies a CronJob, and writes it only if it differs from what is wanted. A field that the server filled in
/// is not a difference; a field that a user edited is.</summary>
internal sealed class AppliedCronJob(ConnectedCluster cluster)
{
    public async Task ApplyAsync(CronJobObject wanted, CancellationToken cancellationToken)
    {
        string digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(wanted.Json.ToJsonString())));
        CronJobObject stamped = wanted.WithDigest(digest);
        JsonObject? existing = await cluster.Client.FindAsync(
            ClusterKinds.CronJob, cluster.Namespace, wanted.Name, cancellationToken);
        if (existing is null || !Contains(stamped.Json, existing))
        {
            await cluster.Client.ApplyAsync(
                ClusterKinds.CronJob,
                cluster.Namespace,
                subresource: null,
                stamped.Json,
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
