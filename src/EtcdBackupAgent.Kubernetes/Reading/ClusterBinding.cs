using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Resources.Binding;

namespace EtcdBackupAgent.Kubernetes.Reading;

/// <summary>Binds objects of a cluster with the Secrets that they name.</summary>
/// <remarks>
/// 1. Find the Secrets, each once. If one is absent or access is denied, that is a problem of the object that names it.
/// 2. Bind everything in the same way as the documents of a directory.
/// </remarks>
internal sealed class ClusterBinding(ISecretSource secrets)
{
    public async Task<ResourceSet> BindAsync(
        IReadOnlyList<LocationObject> locations,
        IReadOnlyList<PolicyObject> policies,
        CancellationToken cancellationToken)
    {
        // 1
        ResourceName[] names =
        [
            .. locations.Select(SecretNames.OfLocation).Concat(policies.Select(SecretNames.OfPolicy))
                .OfType<ResourceName>()
                .Distinct(),
        ];
        List<JsonObject> documents = [];
        Dictionary<ResourceName, string> unreadable = [];
        foreach (ResourceName name in names)
        {
            FoundSecret found = await secrets.FindAsync(name, cancellationToken);
            if (found.Document is { } document)
            {
                documents.Add(document);
            }
            else if (found.Unreadable is { } why)
            {
                unreadable.Add(name, why);
            }
        }

        // 2
        ResourceBinder binder = new([])
        {
            Unreadable = unreadable,
            IsPassphraseOptional = secrets.IsPassphraseOptional,
        };
        ResourceSet bound = binder.Bind(
        [
            .. locations.Select(item => ClusterDocument.Of(ClusterKinds.BackupLocation, item.Json)),
            .. policies.Select(item => ClusterDocument.Of(ClusterKinds.Policy, item.Json)),
            .. documents.Select(item => ClusterDocument.Of(ClusterKinds.Secret, item)),
        ]);
        return bound with { Version = ClusterVersion.Of(locations, policies, documents) };
    }
}
