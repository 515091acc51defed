using System.Net;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Reading;

/// <summary>Reads Secrets from the API, each by its name: the right to list them is never needed.</summary>
internal sealed class ApiSecrets(KubernetesClient client) : ISecretSource
{
    public bool IsPassphraseOptional => false;

    public async Task<FoundSecret> FindAsync(ResourceName name, CancellationToken cancellationToken)
    {
        try
        {
            return new FoundSecret(
                await client.FindAsync(ClusterKinds.Secret, name.Namespace, name.Name, cancellationToken));
        }
        catch (ApiStatusException e) when (e.Code == HttpStatusCode.Forbidden)
        {
            return new FoundSecret(Document: null, e.Message.TrimEnd('.'));
        }
    }
}
