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
        await foreach (LivePage page in ListPagesAsync(resource, ns, resourceVersion: null, cancellationToken))
        {
            foreach (JsonObject item in page.Items)
            {
                yield return item;
            }
        }
    }

    /// <summary>As <see cref="ListAsync"/>, page by page.</summary>
    /// <param name="resource">The resource, in the version to read.</param>
    /// <param name="ns">The namespace; null for all.</param>
    /// <param name="resourceVersion">The moment to read, as far as the server still has it; null for now.</param>
    /// <param name="cancellationToken">Cancels the list.</param>
    public async IAsyncEnumerable<LivePage> ListPagesAsync(
        ServedResource resource,
        string? ns,
        string? resourceVersion,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using IAsyncEnumerator<JsonObject> pages = client
            .ListPagesAsync(
                ResourceKind.Of(resource), resource.IsNamespaced ? ns : null, resourceVersion, cancellationToken)
            .GetAsyncEnumerator(cancellationToken);
        string last = "";
        while (await CallAsync($"list {resource.Name}", async () => await pages.MoveNextAsync()))
        {
            List<JsonObject> items = [];
            foreach (JsonObject item in ObjectList.Items(pages.Current))
            {
                string place = $"{ObjectMetadata.Namespace(item)}/{ObjectMetadata.Name(item)}";
                if (string.CompareOrdinal(place, last) > 0)
                {
                    last = place;
                    items.Add(ObjectList.WithKind(item, resource.ApiVersion, resource.Kind));
                }
            }

            yield return new LivePage(ObjectMetadata.ResourceVersion(pages.Current), items);
        }
    }

    /// <summary>Returns the version of the API server, such as <c>v1.36.4</c>.</summary>
    /// <exception cref="Core.Failures.BackupException">The API server cannot be reached, or refuses.</exception>
    public async Task<string> VersionAsync(CancellationToken cancellationToken)
    {
        JsonObject version = await CallAsync(
            "read the version", () => client.ReadAsync("version", "application/json", cancellationToken));
        return ServerVersion.Text(version);
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

/// <summary>One page of a list.</summary>
/// <param name="ResourceVersion">The version of the list.</param>
/// <param name="Items">The objects, each with its kind and apiVersion.</param>
internal sealed record LivePage(string ResourceVersion, IReadOnlyList<JsonObject> Items);
