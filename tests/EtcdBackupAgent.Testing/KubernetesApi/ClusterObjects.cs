using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace EtcdBackupAgent.Testing.KubernetesApi;

/// <summary>
/// Reads and writes the objects of an API server for the simulated parts of a cluster. It does not use the agent's
/// client, and it connects directly to the server. A path is the URL's path without the leading slash.
/// </summary>
public sealed class ClusterObjects(KubernetesApiServer server) : IDisposable
{
    private readonly HttpClient _http = server.CreateClient();

    /// <summary>Returns the object, or null if it does not exist.</summary>
    /// <exception cref="HttpRequestException">The server is down or returns another error.</exception>
    public async Task<JsonObject?> FindAsync(string path, CancellationToken cancellationToken = default)
    {
        using HttpResponseMessage response = await _http.GetAsync(Relative(path), cancellationToken);
        return response.StatusCode == HttpStatusCode.NotFound ? null : await ReadAsync(response, cancellationToken);
    }

    public async Task<IReadOnlyList<JsonObject>> ListAsync(string path, CancellationToken cancellationToken = default)
    {
        using HttpResponseMessage response = await _http.GetAsync(Relative(path), cancellationToken);
        JsonObject list = await ReadAsync(response, cancellationToken);
        return [.. (list["items"] as JsonArray ?? []).OfType<JsonObject>()];
    }

    public Task<JsonObject> CreateAsync(string path, JsonObject item, CancellationToken cancellationToken = default) =>
        SendAsync(HttpMethod.Post, path, item, "application/json", cancellationToken);

    /// <summary>Applies a merge patch (RFC 7386).</summary>
    public Task<JsonObject> PatchAsync(string path, JsonObject patch, CancellationToken cancellationToken = default) =>
        SendAsync(HttpMethod.Patch, path, patch, "application/merge-patch+json", cancellationToken);

    /// <summary>Deletes an object or a whole collection. A missing object is not an error.</summary>
    public async Task DeleteAsync(string path, CancellationToken cancellationToken = default)
    {
        using HttpResponseMessage response = await _http.DeleteAsync(Relative(path), cancellationToken);
        if (response.StatusCode != HttpStatusCode.NotFound)
        {
            await ReadAsync(response, cancellationToken);
        }
    }

    public void Dispose() => _http.Dispose();

    private static Uri Relative(string path) => new($"/{path}", UriKind.Relative);

    private async Task<JsonObject> SendAsync(
        HttpMethod method, string path, JsonObject item, string mediaType, CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = new(method, Relative(path))
        {
            Content = new StringContent(item.ToJsonString(), Encoding.UTF8, new MediaTypeHeaderValue(mediaType)),
        };
        using HttpResponseMessage response = await _http.SendAsync(request, cancellationToken);
        return await ReadAsync(response, cancellationToken);
    }

    private static async Task<JsonObject> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        string text = await response.Content.ReadAsStringAsync(cancellationToken);
        return response.IsSuccessStatusCode
            ? (JsonObject)JsonNode.Parse(text)!
            : throw new HttpRequestException(
                $"{response.RequestMessage!.Method} {response.RequestMessage.RequestUri}: {text}",
                null,
                response.StatusCode);
    }
}
