using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Proxies;
using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Api;

/// <summary>
/// Sends requests as somebody, and turns what is no success into an <see cref="ApiStatusException"/>. What the server
/// did not begin (429) is sent again when it says; what it refused for the token (401), once with another one, if there
/// is one.
/// </summary>
internal sealed class ApiTransport : IDisposable
{
    /// <summary>Bytes of one answer, or of one event of a watch.</summary>
    public const int ResponseBytesMax = 64 * 1024 * 1024;

    /// <summary>Times that one request is sent at most.</summary>
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
        _client = new HttpClient(ApiHandler.Create(connection))
        {
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = ResponseBytesMax,
        };
    }

    /// <summary>Sends a request and reads the whole answer. The path, with its query, has no slash at its
    /// beginning.</summary>
    /// <exception cref="ApiStatusException">The server refused.</exception>
    /// <exception cref="JsonException">The answer is no JSON object.</exception>
    /// <exception cref="TimeoutException">No answer within a minute.</exception>
    /// <exception cref="HttpRequestException">The server could not be reached, or the connection broke.</exception>
    /// <exception cref="ProxyException">The proxy in between is why.</exception>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>: there are no
    /// credentials.</exception>
    public async Task<JsonObject> SendAsync(
        HttpMethod method, string path, JsonObject? body, string contentType, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await AnswerAsync(
            method, path, body, contentType, HttpCompletionOption.ResponseContentRead, cancellationToken);
        return await ReadAsync(response, cancellationToken);
    }

    /// <summary>Sends a GET whose answer is read as it comes; the caller disposes it, and bounds the time of
    /// reading.</summary>
    public Task<HttpResponseMessage> OpenAsync(string path, CancellationToken cancellationToken) => AnswerAsync(
        HttpMethod.Get, path, body: null, contentType: "", HttpCompletionOption.ResponseHeadersRead, cancellationToken);

    public void Dispose() => _client.Dispose();

    private async Task<HttpResponseMessage> AnswerAsync(
        HttpMethod method,
        string path,
        JsonObject? body,
        string contentType,
        HttpCompletionOption completion,
        CancellationToken cancellationToken)
    {
        bool hasForgotten = false;
        for (int attempt = 1; ; attempt++)
        {
            using HttpRequestMessage request = await RequestAsync(method, path, body, contentType, cancellationToken);
            HttpResponseMessage response = await OnceAsync(request, completion, cancellationToken);
            if (response.IsSuccessStatusCode)
            {
                return response;
            }

            ApiStatusException refusal;
            using (response)
            {
                refusal = await RefusalAsync(response, cancellationToken);
            }

            if (refusal.Code == HttpStatusCode.Unauthorized && !hasForgotten && _connection.Credentials.Forget())
            {
                hasForgotten = true;
            }
            else if (refusal.Code == HttpStatusCode.TooManyRequests && attempt < AttemptsMax)
            {
                TimeSpan wait = refusal.RetryAfter ?? RetryAfterDefault;
                await Task.Delay(wait < RetryAfterMax ? wait : RetryAfterMax, _time, cancellationToken);
            }
            else
            {
                throw refusal;
            }
        }
    }

    private async Task<HttpResponseMessage> OnceAsync(
        HttpRequestMessage request, HttpCompletionOption completion, CancellationToken cancellationToken)
    {
        using CancellationTokenSource deadline = new(RequestTimeout, _time);
        using CancellationTokenSource both =
            CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            return await _client.SendAsync(request, completion, both.Token);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"no answer within {RequestTimeout.TotalSeconds:0} s", e);
        }
    }

    private async Task<HttpRequestMessage> RequestAsync(
        HttpMethod method, string path, JsonObject? body, string contentType, CancellationToken cancellationToken)
    {
        HttpRequestMessage request = new(method, $"{_root}/{path}")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("etcd-backup-agent", productVersion: null));
        // TLS takes the name that the certificate must have from here.
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
        return await JsonNode.ParseAsync(stream, cancellationToken: cancellationToken) as JsonObject
            ?? throw new JsonException("The answer is no JSON object.");
    }

    private async Task<ApiStatusException> RefusalAsync(
        HttpResponseMessage response, CancellationToken cancellationToken)
    {
        TimeSpan? retryAfter = response.Headers.RetryAfter?.Delta;
        ProxyAddress? proxy = _connection.Proxy;
        try
        {
            await response.Content.LoadIntoBufferAsync(ResponseBytesMax, cancellationToken);
            JsonObject answer = await ReadAsync(response, cancellationToken);
            if (proxy is null || ObjectFields.Text(answer, "kind") == "Status")
            {
                return From(answer, response.StatusCode, retryAfter);
            }
        }
        catch (JsonException)
        {
            // A page of something that is not an API server says nothing that the code does not.
        }

        ProxyException? foreign = proxy is null
            ? null
            : ProxyException.Answered(proxy, _connection.Server, ApiHandler.ServerKind, (int)response.StatusCode);
        return new ApiStatusException(
            response.StatusCode,
            reason: "",
            foreign?.Message ?? $"the server answered {(int)response.StatusCode} without a Kubernetes status")
        {
            RetryAfter = retryAfter,
            ForeignHint = foreign?.Hint,
        };
    }

    /// <summary>The error that an object of the kind Status tells.</summary>
    public static ApiStatusException From(JsonObject status, HttpStatusCode code, TimeSpan? retryAfter = null) =>
        new(
            (HttpStatusCode?)ObjectFields.Number(status, "code") ?? code,
            ObjectFields.Text(status, "reason") ?? "",
            ObjectFields.Text(status, "message") is { Length: > 0 } message
                ? message
                : $"the server answered {(int)code}")
        {
            RetryAfter = retryAfter,
            NamesFields = ObjectFields.Objects(status, "details", "causes")
                .Any(cause => ObjectFields.Text(cause, "field") is { Length: > 0 }),
        };
}
