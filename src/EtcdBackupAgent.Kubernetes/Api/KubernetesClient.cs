using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Api;

/// <summary>
/// The requests to an API server, with objects as JSON. A null namespace means all namespaces in a list, and no
/// namespace for kinds that are not namespaced. Every member throws the exceptions of
/// <see cref="ApiTransport.SendAsync"/>.
/// </summary>
internal sealed class KubernetesClient(KubernetesConnection connection, TimeProvider time) : IDisposable
{
    /// <summary>The number of objects that one request for a list returns.</summary>
    public const int PageSize = 500;

    private const string Json = "application/json";

    /// <summary>JSON is valid YAML.</summary>
    private const string ApplyPatch = "application/apply-patch+yaml";

    private readonly ApiTransport _transport = new(connection, time);

    public KubernetesConnection Connection => connection;

    public Task<JsonObject> GetAsync(ResourceKind kind, string? ns, string name, CancellationToken cancellationToken) =>
        _transport.SendAsync(HttpMethod.Get, kind.Path(ns, name), body: null, Json, cancellationToken);

    /// <summary>Returns the document at a path below the server's URL, in the first of the formats that the server
    /// has.</summary>
    internal Task<JsonObject> ReadAsync(string path, string formats, CancellationToken cancellationToken) =>
        _transport.ReadAsync(path, formats, cancellationToken);

    /// <summary>Returns the object, or null if there is no object of this name.</summary>
    public async Task<JsonObject?> FindAsync(
        ResourceKind kind, string? ns, string name, CancellationToken cancellationToken)
    {
        try
        {
            return await GetAsync(kind, ns, name, cancellationToken);
        }
        catch (ApiStatusException e) when (e.IsNotFound)
        {
            return null;
        }
    }

    /// <summary>Returns all objects of the selection in their state at one moment, read in pages.</summary>
    public async Task<ResourceList> ListAsync(
        ResourceKind kind, string? ns, ResourceSelection selection, CancellationToken cancellationToken)
    {
        int pageSize = PageSize;
        List<JsonObject> items = [];
        string? next = null;
        while (true)
        {
            JsonObject page;
            try
            {
                page = await _transport.SendAsync(
                    HttpMethod.Get,
                    $"{kind.Path(ns)}?{selection.Query}limit={pageSize.ToString(CultureInfo.InvariantCulture)}"
                    + (next is null ? "" : $"&continue={Uri.EscapeDataString(next)}"),
                    body: null,
                    Json,
                    cancellationToken);
            }
            catch (ApiStatusException e) when (e.IsExpired && next is not null)
            {
                // etcd was compacted between two pages. Read the current state instead, in a single page.
                (next, pageSize) = (null, 0);
                items.Clear();
                continue;
            }

            items.AddRange(ObjectList.Items(page));
            next = ObjectList.Continue(page);
            if (string.IsNullOrEmpty(next))
            {
                return new ResourceList(ObjectMetadata.ResourceVersion(page), items);
            }
        }
    }

    /// <summary>Returns a list of all objects page by page, so that not all of them are in memory. If etcd is compacted
    /// between two pages, the last page has all objects again, in their state by then. A page that would be too large
    /// for <see cref="ApiTransport.ResponseBytesMax"/> is requested again with fewer objects.</summary>
    /// <param name="kind">The kind.</param>
    /// <param name="ns">The namespace; null for all.</param>
    /// <param name="resourceVersion">The moment of the list; null for now. A server that no longer has it returns the
    /// present state.</param>
    /// <param name="cancellationToken">Cancels the list.</param>
    public async IAsyncEnumerable<JsonObject> ListPagesAsync(
        ResourceKind kind,
        string? ns,
        string? resourceVersion,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string first = resourceVersion is null
            ? ""
            : $"&resourceVersion={Uri.EscapeDataString(resourceVersion)}&resourceVersionMatch=Exact";
        int limit = PageSize;
        string? next = null;
        while (true)
        {
            JsonObject page;
            try
            {
                page = await GetPageAsync(
                    limit, next is null ? first : $"&continue={Uri.EscapeDataString(next)}");
            }
            catch (ApiStatusException e) when (e.IsExpired && next is not null)
            {
                page = await GetPageAsync(0, "");
            }
            catch (ApiStatusException e) when (e.IsExpired && first.Length > 0)
            {
                first = "";
                continue;
            }
            catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded
                && limit > 1)
            {
                limit = Math.Max(1, limit / 8);
                continue;
            }

            next = ObjectList.Continue(page);
            yield return page;
            if (string.IsNullOrEmpty(next))
            {
                yield break;
            }
        }

        Task<JsonObject> GetPageAsync(int size, string parameters) => _transport.SendAsync(
            HttpMethod.Get,
            $"{kind.Path(ns)}?limit={size.ToString(CultureInfo.InvariantCulture)}{parameters}",
            body: null,
            Json,
            cancellationToken);
    }

    public Task<JsonObject> CreateAsync(
        ResourceKind kind, string? ns, JsonObject item, CancellationToken cancellationToken) =>
        _transport.SendAsync(HttpMethod.Post, kind.Path(ns), item, Json, cancellationToken);

    /// <summary>Creates an object, with parameters in the form of a query: <c>dryRun=All</c>.</summary>
    public Task<JsonObject> CreateAsync(
        ResourceKind kind, string? ns, JsonObject item, string query, CancellationToken cancellationToken) =>
        _transport.SendAsync(HttpMethod.Post, $"{kind.Path(ns)}?{query}", item, Json, cancellationToken);

    /// <summary>Replaces the object from which the given one was made.</summary>
    /// <exception cref="ApiStatusException">A conflict, if the existing object has another resource version by
    /// now.</exception>
    public Task<JsonObject> ReplaceAsync(
        ResourceKind kind, string? ns, JsonObject item, CancellationToken cancellationToken) =>
        _transport.SendAsync(
            HttpMethod.Put, kind.Path(ns, ObjectMetadata.Name(item)), item, Json, cancellationToken);

    /// <summary>As the other <c>ReplaceAsync</c>, with parameters in the form of a query.</summary>
    public Task<JsonObject> ReplaceAsync(
        ResourceKind kind, string? ns, JsonObject item, string query, CancellationToken cancellationToken) =>
        _transport.SendAsync(
            HttpMethod.Put, $"{kind.Path(ns, ObjectMetadata.Name(item))}?{query}", item, Json, cancellationToken);

    /// <summary>
    /// Changes the fields of the patch; null removes a field (RFC 7386). If the patch has
    /// <c>metadata.resourceVersion</c>, it applies only to that version of the object. The subresource is
    /// <c>status</c>, or null for the object itself.
    /// </summary>
    public Task<JsonObject> MergePatchAsync(
        ResourceKind kind,
        string? ns,
        string name,
        string? subresource,
        JsonObject patch,
        CancellationToken cancellationToken) =>
        _transport.SendAsync(
            HttpMethod.Patch,
            kind.Path(ns, name, subresource),
            patch,
            "application/merge-patch+json",
            cancellationToken);

    /// <summary>Server-side apply: sets these fields of the object, and makes the manager their owner.</summary>
    /// <exception cref="ApiStatusException">A conflict, if another manager owns one of the fields and
    /// <paramref name="force"/> is false.</exception>
    public Task<JsonObject> ApplyAsync(
        ResourceKind kind,
        string? ns,
        string? subresource,
        JsonObject item,
        string fieldManager,
        bool force,
        CancellationToken cancellationToken) =>
        _transport.SendAsync(
            HttpMethod.Patch,
            $"{kind.Path(ns, ObjectMetadata.Name(item), subresource)}?fieldManager={Uri.EscapeDataString(fieldManager)}"
            + (force ? "&force=true" : ""),
            item,
            ApplyPatch,
            cancellationToken);

    /// <summary>As the other <c>ApplyAsync</c>, with parameters in the form of a query.</summary>
    public Task<JsonObject> ApplyAsync(
        ResourceKind kind, string? ns, JsonObject item, string query, CancellationToken cancellationToken) =>
        _transport.SendAsync(
            HttpMethod.Patch,
            $"{kind.Path(ns, ObjectMetadata.Name(item))}?{query}",
            item,
            ApplyPatch,
            cancellationToken);

    /// <summary>Deletes an object: at once, or after its finalizers are removed.</summary>
    /// <exception cref="ApiStatusException">A conflict, if the object does not meet the precondition.</exception>
    public async Task DeleteAsync(
        ResourceKind kind,
        string? ns,
        string name,
        DeletePrecondition precondition,
        CancellationToken cancellationToken) =>
        await _transport.SendAsync(
            HttpMethod.Delete, kind.Path(ns, name), precondition.Options(), Json, cancellationToken);

    /// <summary>Opens a watch that starts at a resource version. The caller disposes the response.</summary>
    internal Task<HttpResponseMessage> WatchAsync(
        ResourceKind kind,
        string? ns,
        ResourceSelection selection,
        string resourceVersion,
        TimeSpan timeout,
        CancellationToken cancellationToken) =>
        _transport.OpenAsync(
            $"{kind.Path(ns)}?{selection.Query}watch=true&allowWatchBookmarks=true"
            + $"&resourceVersion={Uri.EscapeDataString(resourceVersion)}"
            + $"&timeoutSeconds={timeout.TotalSeconds.ToString("0", CultureInfo.InvariantCulture)}",
            cancellationToken);

    public void Dispose() => _transport.Dispose();
}
