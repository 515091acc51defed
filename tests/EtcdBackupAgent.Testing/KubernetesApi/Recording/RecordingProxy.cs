using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Testing.Certificates;
using EtcdBackupAgent.Testing.Processes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Testing.KubernetesApi.Recording;

/// <summary>
/// A proxy between the agent and the API server of a test. It records the requests of each service account, allows only
/// those that the roles grant, and injects faults.
/// </summary>
public sealed class RecordingProxy : IAsyncDisposable
{
    private static readonly HashSet<string> HeadersNotForwarded =
        new(["Host", "Connection", "Transfer-Encoding", "Keep-Alive"], StringComparer.OrdinalIgnoreCase);

    private readonly ConcurrentQueue<ApiRequest> _requests = new();
    private readonly ConcurrentQueue<string> _refusals = new();

    /// <summary>The open watches; also the lock for them.</summary>
    private readonly HashSet<HttpContext> _watches = [];

    private readonly Dictionary<string, string> _users;
    private readonly HttpMessageInvoker _server;
    private readonly Uri _serverUrl;
    private readonly X509Certificate2 _certificate;
    private readonly WebApplication _application;
    private volatile ProxyFault[] _faults = [];

    private RecordingProxy(KubernetesApiServer server)
    {
        _users = KubernetesApiServer.KnownAccounts.ToDictionary(
            name => $"Bearer {KubernetesApiServer.TokenOf(name)}", name => name, StringComparer.Ordinal);
        _serverUrl = server.Url;
        _server = server.CreateForwarder();
        Url = new Uri(string.Create(CultureInfo.InvariantCulture, $"https://127.0.0.1:{FreePort.Take()}"));
        TestCertificate issued = server.Authority.Server(["127.0.0.1"]);
        _certificate = X509Certificate2.CreateFromPem(issued.CertificatePem, issued.KeyPem);
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(
            IPAddress.Loopback, Url.Port, listen => listen.UseHttps(_certificate)));
        _application = builder.Build();
        _application.Run(HandleAsync);
    }

    /// <summary>The URL for the agent. The certificate is from the authority of the server.</summary>
    public Uri Url { get; }

    /// <summary>All requests of service accounts so far, in order.</summary>
    public IReadOnlyList<ApiRequest> Requests => [.. _requests];

    /// <summary>The requests that no role grants.</summary>
    public IReadOnlyList<string> Refusals => [.. _refusals];

    /// <summary>Decides whether a request of a service account is allowed; null to allow everything.</summary>
    public Func<ApiRequest, bool>? Grants { get; set; }

    /// <summary>
    /// Whether the tokens of service accounts are rejected, as after the deletion of the ServiceAccount.
    /// </summary>
    public bool RefusesTokens { get; set; }

    /// <summary>Whether all connections are aborted at once, as if the server were down.</summary>
    public bool IsAway { get; set; }

    public static async Task<RecordingProxy> StartAsync(KubernetesApiServer server)
    {
        RecordingProxy proxy = new(server);
        await proxy._application.StartAsync();
        return proxy;
    }

    /// <summary>
    /// Adds a fault for later requests. Once it has struck the given number of times, it has no effect.
    /// </summary>
    public ProxyFault Add(ProxyFault fault)
    {
        _faults = [.. _faults, fault];
        return fault;
    }

    /// <summary>Aborts the connections of all open watches.</summary>
    /// <returns>The number of these watches.</returns>
    public int CutWatches()
    {
        // A context must not be used after its request has ended, so the lock prevents this end.
        lock (_watches)
        {
            foreach (HttpContext watch in _watches)
            {
                watch.Abort();
            }

            return _watches.Count;
        }
    }

    public async ValueTask DisposeAsync()
    {
        CutWatches();
        await _application.DisposeAsync();
        _server.Dispose();
        _certificate.Dispose();
    }

    /// <summary>1. Record the request. 2. Reject it if it is not granted. 3. Inject a fault. 4. Forward it.</summary>
    private async Task HandleAsync(HttpContext context)
    {
        if (IsAway)
        {
            context.Abort();
            return;
        }

        // 1
        string user = _users.GetValueOrDefault(context.Request.Headers.Authorization.ToString(), "");
        ApiRequest? request = ApiRequest.Of(user, context.Request.Method, context.Request.Path, context.Request.Query);
        if (request is not null && user.Length > 0)
        {
            _requests.Enqueue(request);

            // 2
            if (RefusesTokens)
            {
                await AnswerAsync(context, HttpStatusCode.Unauthorized, "the token has been invalidated");
                return;
            }

            if (Grants is { } grants && !grants(request))
            {
                _refusals.Enqueue(request.ToString());
                // The words are those of a server.
                await AnswerAsync(
                    context,
                    HttpStatusCode.Forbidden,
                    $"{request.Resource} is forbidden: User \"{request.User}\" cannot {request.Verb} resource "
                    + $"\"{request.Resource}\" in API group \"{request.Group}\": no role grants this to {request}");
                return;
            }

            // 3
            if (Array.Find(_faults, one => one.AppliesTo(request)) is { } fault)
            {
                if (fault.Hold is not null)
                {
                    await fault.Hold(context.RequestAborted);
                }

                if (fault.Answer is { } code)
                {
                    await AnswerAsync(context, code, "the test injected this failure", fault.Field);
                    return;
                }
            }
        }

        // 4
        bool watches = request?.Verb == "watch";
        if (watches)
        {
            lock (_watches)
            {
                _watches.Add(context);
            }
        }

        try
        {
            await ForwardAsync(context);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            // One side closed its connection, so the other connection is aborted too.
            context.Abort();
        }
        finally
        {
            if (watches)
            {
                lock (_watches)
                {
                    _watches.Remove(context);
                }
            }
        }
    }

    private async Task ForwardAsync(HttpContext context)
    {
        CancellationToken cancellationToken = context.RequestAborted;
        using HttpRequestMessage request = new(
            new HttpMethod(context.Request.Method),
            new Uri(
                _serverUrl,
                $"{context.Request.Path.ToUriComponent()}{context.Request.QueryString.ToUriComponent()}"));
        if (
            context.Request.ContentLength > 0
            || context.Request.Headers.TransferEncoding.Count > 0
            || HttpMethods.IsPost(context.Request.Method)
            || HttpMethods.IsPut(context.Request.Method)
            || HttpMethods.IsPatch(context.Request.Method))
        {
            request.Content = new StreamContent(context.Request.Body);
        }

        foreach ((string name, Microsoft.Extensions.Primitives.StringValues values) in context.Request.Headers)
        {
            if (!HeadersNotForwarded.Contains(name) && !name.StartsWith(':')
                && !request.Headers.TryAddWithoutValidation(name, values.ToArray()))
            {
                request.Content?.Headers.TryAddWithoutValidation(name, values.ToArray());
            }
        }

        using HttpResponseMessage response = await _server.SendAsync(request, cancellationToken);
        context.Response.StatusCode = (int)response.StatusCode;
        foreach ((string name, IEnumerable<string> values) in response.Headers.Concat(response.Content.Headers))
        {
            if (!HeadersNotForwarded.Contains(name))
            {
                context.Response.Headers[name] = values.ToArray();
            }
        }

        await using Stream from = await response.Content.ReadAsStreamAsync(cancellationToken);
        await context.Response.Body.FlushAsync(cancellationToken);
        byte[] buffer = new byte[1 << 16];
        int count;
        while ((count = await from.ReadAsync(buffer, cancellationToken)) > 0)
        {
            // The client must receive each event of a watch at once.
            await context.Response.Body.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
            await context.Response.Body.FlushAsync(cancellationToken);
        }
    }

    private static async Task AnswerAsync(
        HttpContext context, HttpStatusCode code, string message, string? field = null)
    {
        JsonObject status = new()
        {
            ["kind"] = "Status",
            ["apiVersion"] = "v1",
            ["status"] = "Failure",
            ["message"] = message,
            ["reason"] = code switch
            {
                HttpStatusCode.Unauthorized => "Unauthorized",
                HttpStatusCode.Forbidden => "Forbidden",
                HttpStatusCode.Conflict => "Conflict",
                HttpStatusCode.Gone => "Expired",
                HttpStatusCode.TooManyRequests => "TooManyRequests",
                HttpStatusCode.UnprocessableEntity => "Invalid",
                _ => "InternalError",
            },
            ["code"] = (int)code,
        };
        if (field is not null)
        {
            status["details"] = new JsonObject
            {
                ["causes"] = new JsonArray(new JsonObject { ["message"] = message, ["field"] = field }),
            };
        }

        context.Response.StatusCode = (int)code;
        context.Response.ContentType = "application/json";
        if (code == HttpStatusCode.TooManyRequests)
        {
            context.Response.Headers.RetryAfter = "1";
        }

        await context.Response.WriteAsync(status.ToJsonString(), context.RequestAborted);
    }
}
