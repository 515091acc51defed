using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Deadlines;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Proxies;
using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Api;

/// <summary>
/// Sends requests with credentials, and turns an unsuccessful response into an <see cref="ApiStatusException"/>. A
/// request that the server did not start (429) is sent again after the time that the server names; a request whose
/// token it refused (401) is sent again once with a new token, if there is one.
/// </summary>
internal sealed class ApiTransport : IDisposable
{
    /// <summary>The greatest size in bytes of one response, or of one event of a watch.</summary>
    public const int ResponseBytesMax = 64 * 1024 * 1024;

    private const string Json = "application/json";

    /// <summary>The deepest nesting of a response: schemas of definitions are deeper than the default of 64.</summary>
    private static readonly JsonDocumentOptions ParserOptions = new() { MaxDepth = 1000 };

    /// <summary>The greatest number of times that one request is sent.</summary>
    private const int AttemptsMax = 5;

    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan RetryAfterDefault = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RetryAfterMax = TimeSpan.FromSeconds(30);

    private readonly KubernetesConnection _connection;
    private readonly TimeProvider _time;
    private readonly HttpClient _client;
    private readonly string _root;

    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>: see
    /// <see cref="ApiHandler"/>.</exception>
    public ApiTransport(KubernetesConnection connection, TimeProvider time)
    {
        _connection = connection;
        _time = time;
        _root = connection.Server.AbsoluteUri.TrimEnd('/');
        _client = new HttpClient(ApiHandler.Create(connection, time))
        {
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = ResponseBytesMax,
        };
    }

    /// <summary>Sends a request and reads the whole response. The path, with its query, does not begin with a
    /// slash.</summary>
    /// <exception cref="ApiStatusException">The server responded with an error.</exception>
    /// <exception cref="JsonException">The response is not a JSON object.</exception>
    /// <exception cref="TimeoutException">There was no response within a minute.</exception>
    /// <exception cref="HttpRequestException">The server could not be reached, or the connection broke.</exception>
    /// <exception cref="ProxyException">The request failed at the proxy.</exception>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>: there are no
    /// credentials.</exception>
    public async Task<JsonObject> SendAsync(
        HttpMethod method, string path, JsonObject? body, string contentType, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await SendWithRetriesAsync(
            method, path, body, contentType, Json, HttpCompletionOption.ResponseContentRead, cancellationToken);
        return await ReadAsync(response, cancellationToken);
    }

    /// <summary>As <see cref="SendAsync"/>, for a GET of one of several formats of JSON. They are a list as in the
    /// header <c>Accept</c>, the preferred one first.</summary>
    public async Task<JsonObject> ReadAsync(string path, string formats, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await SendWithRetriesAsync(
            HttpMethod.Get,
            path,
            body: null,
            contentType: "",
            formats,
            HttpCompletionOption.ResponseContentRead,
            cancellationToken);
        return await ReadAsync(response, cancellationToken);
    }

    /// <summary>Sends a GET and returns once the headers are read. The caller disposes the response, and limits the
    /// time of reading it.</summary>
    public Task<HttpResponseMessage> OpenAsync(string path, CancellationToken cancellationToken) =>
        SendWithRetriesAsync(
            HttpMethod.Get,
            path,
            body: null,
            contentType: "",
            Json,
            HttpCompletionOption.ResponseHeadersRead,
            cancellationToken);

    public void Dispose() => _client.Dispose();

    private async Task<HttpResponseMessage> SendWithRetriesAsync(
        HttpMethod method,
        string path,
        JsonObject? body,
        string contentType,
        string formats,
        HttpCompletionOption completion,
        CancellationToken cancellationToken)
    {
        bool isTokenDiscarded = false;
        for (int attempt = 1; ; attempt++)
        {
            using HttpRequestMessage request = await CreateRequestAsync(
                method, path, body, contentType, formats, cancellationToken);
            HttpResponseMessage response = await SendOnceAsync(request, completion, cancellationToken);
            if (response.IsSuccessStatusCode)
            {
                return response;
            }

            ApiStatusException error;
            using (response)
            {
                error = await ReadErrorAsync(response, cancellationToken);
            }

            if (error.Code == HttpStatusCode.Unauthorized
                && !isTokenDiscarded
                && _connection.Credentials.DiscardToken())
            {
                isTokenDiscarded = true;
            }
            else if (error.Code == HttpStatusCode.TooManyRequests && attempt < AttemptsMax)
            {
                TimeSpan wait = error.RetryAfter ?? RetryAfterDefault;
                await Task.Delay(wait < RetryAfterMax ? wait : RetryAfterMax, _time, cancellationToken);
            }
            else
            {
                throw error;
            }
        }
    }

    private async Task<HttpResponseMessage> SendOnceAsync(
        HttpRequestMessage request, HttpCompletionOption completion, CancellationToken cancellationToken)
    {
        using Deadline deadline = new(RequestTimeout, _time, cancellationToken);
        try
        {
            return await _client.SendAsync(request, completion, deadline.Token);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"no response within {RequestTimeout.TotalSeconds:0} s", e);
        }
    }

    private async Task<HttpRequestMessage> CreateRequestAsync(
        HttpMethod method,
        string path,
        JsonObject? body,
        string contentType,
        string formats,
        CancellationToken cancellationToken)
    {
        HttpRequestMessage request = new(method, $"{_root}/{path}")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
        request.Headers.Add("Accept", formats);
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("etcd-backup-agent", productVersion: null));
        // TLS requires this name in the server's certificate.
        request.Headers.Host = _connection.ServerName;
        if (await _connection.Credentials.TokenAsync(cancellationToken) is { } token)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        if (body is not null)
        {
            request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, contentType);
        }

        return request;
    }

    private static async Task<JsonObject> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        await using Stream stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        return await JsonNode.ParseAsync(
            stream, documentOptions: ParserOptions, cancellationToken: cancellationToken) as JsonObject
            ?? throw new JsonException("The response is not a JSON object.");
    }

    private async Task<ApiStatusException> ReadErrorAsync(
        HttpResponseMessage response, CancellationToken cancellationToken)
    {
        TimeSpan? retryAfter = response.Headers.RetryAfter?.Delta;
        ProxyAddress? proxy = _connection.Proxy;
        try
        {
            await response.Content.LoadIntoBufferAsync(ResponseBytesMax, cancellationToken);
            JsonObject body = await ReadAsync(response, cancellationToken);
            if (proxy is null || ObjectFields.Text(body, "kind") == "Status")
            {
                return From(body, response.StatusCode, retryAfter);
            }
        }
        catch (JsonException)
        {
            // The response is not from an API server, and its text adds nothing to the status code.
        }

        ProxyException? proxyError = proxy is null
            ? null
            : ProxyException.Answered(proxy, _connection.Server, ApiHandler.ServerKind, (int)response.StatusCode);
        return new ApiStatusException(
            response.StatusCode,
            reason: "",
            proxyError?.Message ?? $"the server responded with {(int)response.StatusCode} without a Kubernetes status")
        {
            RetryAfter = retryAfter,
            ProxyHint = proxyError?.Hint,
        };
    }

    /// <summary>Returns the error that an object of the kind Status describes.</summary>
    public static ApiStatusException From(JsonObject status, HttpStatusCode code, TimeSpan? retryAfter = null) =>
        new(
            (HttpStatusCode?)ObjectFields.Number(status, "code") ?? code,
            ObjectFields.Text(status, "reason") ?? "",
            ObjectFields.Text(status, "message") is { Length: > 0 } message
                ? message
                : $"the server responded with {(int)code}")
        {
            RetryAfter = retryAfter,
            HasInvalidFields = ObjectFields.Objects(status, "details", "causes")
                .Any(cause => ObjectFields.Text(cause, "field") is { Length: > 0 }),
        };
}
