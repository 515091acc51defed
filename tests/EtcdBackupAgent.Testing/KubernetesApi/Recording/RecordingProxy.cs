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
/// Stands between the agent and a test's API server: records what each service account asks, grants what the roles
/// grant and nothing else, and makes things go wrong when told to.
/// </summary>
public sealed class RecordingProxy : IAsyncDisposable
{
    private static readonly HashSet<string> NotPassedOn =
        new(["Host", "Connection", "Transfer-Encoding", "Keep-Alive"], StringComparer.OrdinalIgnoreCase);

    private readonly ConcurrentQueue<ApiRequest> _requests = new();
    private readonly ConcurrentQueue<string> _refusals = new();

    /// <summary>Those that are open; guarded by itself.</summary>
    private readonly HashSet<HttpContext> _watches = [];

    private readonly Dictionary<string, string> _users;
    private readonly HttpMessageInvoker _server;
    private readonly Uri _serverUrl;
    private readonly X509Certificate2 _certificate;
    private readonly WebApplication _application;
    private volatile ProxyFault[] _faults = [];

    private RecordingProxy(KubernetesApiServer server)
    {
        _users = KubernetesApiServer.ServiceAccounts.ToDictionary(
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
        _application.Run(PassAsync);
    }

    /// <summary>Where the agent goes; with a certificate of the server's authority.</summary>
    public Uri Url { get; }

    /// <summary>All that service accounts asked so far, in order.</summary>
    public IReadOnlyList<ApiRequest> Requests => [.. _requests];

    /// <summary>What was asked and not granted.</summary>
    public IReadOnlyList<string> Refusals => [.. _refusals];

    /// <summary>What service accounts may do; null: everything.</summary>
    public Func<ApiRequest, bool>? Grants { get; set; }

    /// <summary>Whether the tokens of service accounts are refused, as they are from when their ServiceAccount is
    /// deleted.</summary>
    public bool RefusesTokens { get; set; }

    /// <summary>Whether connections break off at once, as if the server were not there.</summary>
    public bool IsAway { get; set; }

    public static async Task<RecordingProxy> StartAsync(KubernetesApiServer server)
    {
        RecordingProxy proxy = new(server);
        await proxy._application.StartAsync();
        return proxy;
    }

    /// <summary>Makes some requests go wrong from now on; a fault that had its turns does nothing more.</summary>
    public ProxyFault Add(ProxyFault fault)
    {
        _faults = [.. _faults, fault];
        return fault;
    }

    /// <summary>Ends the connections of all open watches.</summary>
    /// <returns>How many there were.</returns>
    public int CutWatches()
    {
        // A context must not be touched after its request has ended, so none ends meanwhile.
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

    /// <summary>1. Record. 2. Refuse what is not granted. 3. Go wrong. 4. Pass on.</summary>
    private async Task PassAsync(HttpContext context)
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
                await AnswerAsync(context, HttpStatusCode.Forbidden, $"no role grants this to {request}");
                return;
            }

            // 3
            if (Array.Find(_faults, fault => fault.Takes(request)) is { } turn)
            {
                if (turn.Hold is not null)
                {
                    await turn.Hold(context.RequestAborted);
                }

                if (turn.Answer is { } code)
                {
                    await AnswerAsync(context, code, "the test wants it so", turn.Field);
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
            // One of the two sides is gone: the other sees its connection end.
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
            if (!NotPassedOn.Contains(name) && !name.StartsWith(':')
                && !request.Headers.TryAddWithoutValidation(name, values.ToArray()))
            {
                request.Content?.Headers.TryAddWithoutValidation(name, values.ToArray());
            }
        }

        using HttpResponseMessage response = await _server.SendAsync(request, cancellationToken);
        context.Response.StatusCode = (int)response.StatusCode;
        foreach ((string name, IEnumerable<string> values) in response.Headers.Concat(response.Content.Headers))
        {
            if (!NotPassedOn.Contains(name))
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
            // Each event of a watch is somebody's news.
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
