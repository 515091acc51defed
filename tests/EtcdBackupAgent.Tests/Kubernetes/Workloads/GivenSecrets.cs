using System.Text;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Kubernetes.Reading;

namespace EtcdBackupAgent.Tests.Kubernetes.Workloads;

/// <summary>Returns a Secret with the given keys for every name; the values do not matter.</summary>
internal sealed class GivenSecrets(params string[] keys) : ISecretSource
{
    public bool IsPassphraseOptional => false;

    public Task<FoundSecret> FindAsync(ResourceName name, CancellationToken cancellationToken) =>
        Task.FromResult(new FoundSecret(new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Secret",
            ["metadata"] = new JsonObject { ["namespace"] = name.Namespace, ["name"] = name.Name },
            ["data"] = new JsonObject(keys.Select(key =>
                KeyValuePair.Create(key, (JsonNode?)Convert.ToBase64String(Encoding.UTF8.GetBytes("of no value"))))),
        }));
}
