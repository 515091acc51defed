using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Objects.Comparing;
using EtcdBackupAgent.Objects.Kinds;

namespace EtcdBackupAgent.Kubernetes.Reading;

/// <summary>
/// Lists the objects of a cluster in pages, so that they can be compared with those of a snapshot. An API server lists
/// objects in the order of their keys; a page that begins again with the first one is continued where it was.
/// </summary>
/// <param name="client">The client of the cluster.</param>
internal sealed class LiveObjects(KubernetesClient client) : ILiveObjects
{
    public string Name => $"the cluster at {client.Connection}";

    public Task<ServedResources> DiscoverAsync(CancellationToken cancellationToken) => CallAsync(
        "read what is served", () => Discovery.ReadAsync(client, cancellationToken));

    public Task<JsonObject?> FindAsync(
        ServedResource resource, string? ns, string name, CancellationToken cancellationToken) => CallAsync(
            $"get {resource.Name} {name}",
            () => client.FindAsync(ResourceKind.Of(resource), ns, name, cancellationToken));

    public async IAsyncEnumerable<JsonObject> ListAsync(
        ServedResource resource, string? ns, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using IAsyncEnumerator<JsonObject> pages = client
            .ListPagesAsync(ResourceKind.Of(resource), resource.IsNamespaced ? ns : null, cancellationToken)
            .GetAsyncEnumerator(cancellationToken);
        string last = "";
        while (await CallAsync($"list {resource.Name}", async () => await pages.MoveNextAsync()))
        {
            foreach (JsonObject item in ObjectList.Items(pages.Current))
            {
                string place = $"{ObjectMetadata.Namespace(item)}/{ObjectMetadata.Name(item)}";
                if (string.CompareOrdinal(place, last) > 0)
                {
                    last = place;
                    yield return ObjectList.WithKind(item, resource.ApiVersion, resource.Kind);
                }
            }
        }
    }

    private async Task<T> CallAsync<T>(string action, Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (Exception e) when (ApiFailure.IsKnown(e))
        {
            throw ApiFailure.From(client.Connection, action, e);
        }
    }
}
