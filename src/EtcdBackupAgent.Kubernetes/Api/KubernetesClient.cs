using System.Globalization;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Api;

/// <summary>
/// What can be asked of an API server, with objects as the JSON they are. Namespaces: null means all of them when
/// listing, and none for kinds that are in none. Every member throws what <see cref="ApiTransport.SendAsync"/> throws.
/// </summary>
internal sealed class KubernetesClient(KubernetesConnection connection, TimeProvider time) : IDisposable
{
    /// <summary>Objects asked for at once.</summary>
    public const int PageSize = 500;

    private const string Json = "application/json";
    private readonly ApiTransport _transport = new(connection, time);

    public KubernetesConnection Connection => connection;

    public Task<JsonObject> GetAsync(ResourceKind kind, string? ns, string name, CancellationToken cancellationToken) =>
        _transport.SendAsync(HttpMethod.Get, kind.Path(ns, name), body: null, Json, cancellationToken);

    /// <summary>The object, or null if there is none of this name.</summary>
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

    /// <summary>All objects that the selection names, read in pages, as of one moment.</summary>
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
                // etcd was compacted between two pages. What is there now, then, and in one piece.
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

    public Task<JsonObject> CreateAsync(
        ResourceKind kind, string? ns, JsonObject item, CancellationToken cancellationToken) =>
        _transport.SendAsync(HttpMethod.Post, kind.Path(ns), item, Json, cancellationToken);

    /// <summary>Puts an object in place of the one it was made from.</summary>
    /// <exception cref="ApiStatusException">A conflict, if that one has another resource version by now.</exception>
    public Task<JsonObject> ReplaceAsync(
        ResourceKind kind, string? ns, JsonObject item, CancellationToken cancellationToken) =>
        _transport.SendAsync(
            HttpMethod.Put, kind.Path(ns, ObjectMetadata.Name(item)), item, Json, cancellationToken);

    /// <summary>
    /// Changes the fields that the patch has; null removes one (RFC 7386). With <c>metadata.resourceVersion</c> in it,
    /// only if the object is still of that version. The subresource is <c>status</c>, or null for the object itself.
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

    /// <summary>Server-side apply: makes the object have these fields, and own them under the manager's name.</summary>
    /// <exception cref="ApiStatusException">A conflict, if another manager owns one of the fields and
    /// <paramref name="force"/> is off.</exception>
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
            // JSON is YAML.
            "application/apply-patch+yaml",
            cancellationToken);

    /// <summary>Deletes an object, at once or, if it has finalizers, when those are gone.</summary>
    /// <exception cref="ApiStatusException">A conflict, if the object is not the one of the precondition.</exception>
    public async Task DeleteAsync(
        ResourceKind kind,
        string? ns,
        string name,
        DeletePrecondition precondition,
        CancellationToken cancellationToken) =>
        await _transport.SendAsync(
            HttpMethod.Delete, kind.Path(ns, name), precondition.Options(), Json, cancellationToken);

    /// <summary>Opens a watch from a resource version on; the caller disposes the answer.</summary>
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
