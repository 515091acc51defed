using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace EtcdBackupAgent.Testing.KubernetesApi;

/// <summary>
/// The objects of an API server, for what plays a part of a cluster in tests: independent of the agent's client, and
/// straight to the server. A path is that of the URL, without a slash at its beginning.
/// </summary>
public sealed class ClusterObjects(KubernetesApiServer server) : IDisposable
{
    private readonly HttpClient _http = server.CreateClient();

    /// <summary>The object, or null if there is none.</summary>
    /// <exception cref="HttpRequestException">The server is away, or answers with another error.</exception>
    public async Task<JsonObject?> FindAsync(string path, CancellationToken cancellationToken = default)
    {
        using HttpResponseMessage answer = await _http.GetAsync(Relative(path), cancellationToken);
        return answer.StatusCode == HttpStatusCode.NotFound ? null : await ReadAsync(answer, cancellationToken);
    }

    public async Task<IReadOnlyList<JsonObject>> ListAsync(string path, CancellationToken cancellationToken = default)
    {
        using HttpResponseMessage answer = await _http.GetAsync(Relative(path), cancellationToken);
        JsonObject list = await ReadAsync(answer, cancellationToken);
        return [.. (list["items"] as JsonArray ?? []).OfType<JsonObject>()];
    }

    public Task<JsonObject> CreateAsync(string path, JsonObject item, CancellationToken cancellationToken = default) =>
        SendAsync(HttpMethod.Post, path, item, "application/json", cancellationToken);

    /// <summary>A merge patch (RFC 7386).</summary>
    public Task<JsonObject> PatchAsync(string path, JsonObject patch, CancellationToken cancellationToken = default) =>
        SendAsync(HttpMethod.Patch, path, patch, "application/merge-patch+json", cancellationToken);

    /// <summary>Deletes an object, or a path's whole collection; what is gone already is as good.</summary>
    public async Task DeleteAsync(string path, CancellationToken cancellationToken = default)
    {
        using HttpResponseMessage answer = await _http.DeleteAsync(Relative(path), cancellationToken);
        if (answer.StatusCode != HttpStatusCode.NotFound)
        {
            await ReadAsync(answer, cancellationToken);
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
        using HttpResponseMessage answer = await _http.SendAsync(request, cancellationToken);
        return await ReadAsync(answer, cancellationToken);
    }

    private static async Task<JsonObject> ReadAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        string text = await answer.Content.ReadAsStringAsync(cancellationToken);
        return answer.IsSuccessStatusCode
            ? (JsonObject)JsonNode.Parse(text)!
            : throw new HttpRequestException(
                $"{answer.RequestMessage!.Method} {answer.RequestMessage.RequestUri}: {text}", null, answer.StatusCode);
    }
}
