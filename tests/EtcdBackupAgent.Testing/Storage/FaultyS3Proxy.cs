using System.Globalization;
using System.Net;
using EtcdBackupAgent.Testing.Processes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Testing.Storage;

/// <summary>
/// A proxy between a client and an S3 server that makes the Nth request fail, once or for good. A test runs its flow
/// with N = 1, 2, 3 … until no fault strikes. Requests are counted in the order of their arrival.
/// </summary>
public sealed class FaultyS3Proxy : IAsyncDisposable
{
    private const string SlowDown =
        "<?xml version=\"1.0\"?><Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>";

    private static readonly HashSet<string> HopByHopHeaders =
        new(["Connection", "Transfer-Encoding", "Keep-Alive"], StringComparer.OrdinalIgnoreCase);

    private readonly Lock _gate = new();
    private readonly List<string> _requests = [];
    private readonly HttpMessageInvoker _server = new(
        new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false });
    private readonly Uri _serverUrl;
    private readonly WebApplication _application;
    private int _inFlight;

    private FaultyS3Proxy(Uri server)
    {
        _serverUrl = server;
        Endpoint = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{FreePort.Take()}"));
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(IPAddress.Loopback, Endpoint.Port);
        });
        _application = builder.Build();
        _application.Run(AnswerAsync);
    }

    /// <summary>
    /// The endpoint for clients. Their signatures cover its host name, which is forwarded to the server.
    /// </summary>
    public Uri Endpoint { get; }

    /// <summary>The number of the request that fails, counted from 1; 0 for none.</summary>
    public int FailAt { get; set; }

    public RequestFault Fault { get; set; }

    /// <summary>Whether all later requests fail too.</summary>
    public bool ForGood { get; set; }

    /// <summary>
    /// Returns a response to send instead of the server's, or null to forward the request. With it a test plays a
    /// server that rejects some requests.
    /// </summary>
    public Func<HttpRequest, Task<S3Answer?>>? Answer { get; set; }

    /// <summary>Whether a request failed.</summary>
    public bool Struck { get; private set; }

    /// <summary>The methods and targets of all requests so far.</summary>
    public IReadOnlyList<string> Requests
    {
        get
        {
            lock (_gate)
            {
                return [.. _requests];
            }
        }
    }

    /// <summary>The number of unfinished requests, even if their client no longer waits.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>Clears <see cref="Requests"/> and counts from 1 again.</summary>
    public void ClearRequests()
    {
        lock (_gate)
        {
            _requests.Clear();
        }
    }

    /// <param name="server">A server's plain HTTP endpoint.</param>
    public static async Task<FaultyS3Proxy> StartAsync(Uri server)
    {
        FaultyS3Proxy proxy = new(server);
        await proxy._application.StartAsync();
        return proxy;
    }

    public async ValueTask DisposeAsync()
    {
        await _application.DisposeAsync();
        _server.Dispose();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        Interlocked.Increment(ref _inFlight);
        try
        {
            await AnswerOrFailAsync(context);
        }
        finally
        {
            Interlocked.Decrement(ref _inFlight);
        }
    }

    private async Task AnswerOrFailAsync(HttpContext context)
    {
        RequestFault? fault = Count(context.Request);
        if (Answer is not null && await Answer(context.Request) is { } answer)
        {
            await answer.SendAsync(context);
            return;
        }

        switch (fault)
        {
            case RequestFault.CutBefore:
                context.Abort();
                return;
            case RequestFault.Refused:
                // The whole request is read, as a server does that rejects a request and keeps the connection.
                await context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted);
                context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
                context.Response.ContentType = "application/xml";
                await context.Response.WriteAsync(SlowDown, context.RequestAborted);
                return;
        }

        try
        {
            await ForwardAsync(context, fault);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            // One side closed its connection, so the other connection is aborted too.
            context.Abort();
        }
    }

    private RequestFault? Count(HttpRequest request)
    {
        lock (_gate)
        {
            _requests.Add($"{request.Method} {request.Path}{request.QueryString}");
            bool fails = FailAt > 0 && (_requests.Count == FailAt || (ForGood && _requests.Count > FailAt));
            Struck |= fails;
            return fails ? Fault : null;
        }
    }

    private async Task ForwardAsync(HttpContext context, RequestFault? fault)
    {
        CancellationToken cancellationToken = context.RequestAborted;
        string target = $"{context.Request.Path.ToUriComponent()}{context.Request.QueryString.ToUriComponent()}";
        using HttpRequestMessage request = new(new HttpMethod(context.Request.Method), new Uri(_serverUrl, target));
        if (context.Request.ContentLength is not null)
        {
            request.Content = new StreamContent(context.Request.Body);
        }

        foreach ((string name, Microsoft.Extensions.Primitives.StringValues values) in context.Request.Headers)
        {
            if (!HopByHopHeaders.Contains(name) && !request.Headers.TryAddWithoutValidation(name, values.ToArray()))
            {
                request.Content?.Headers.TryAddWithoutValidation(name, values.ToArray());
            }
        }

        using HttpResponseMessage response = await _server.SendAsync(request, cancellationToken);
        byte[] body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        if (fault == RequestFault.CutAfter || (fault == RequestFault.CutMidway && body.Length == 0))
        {
            context.Abort();
            return;
        }

        context.Response.StatusCode = (int)response.StatusCode;
        foreach ((string name, IEnumerable<string> values) in response.Headers.Concat(response.Content.Headers))
        {
            if (!HopByHopHeaders.Contains(name))
            {
                context.Response.Headers[name] = values.ToArray();
            }
        }

        int length = fault == RequestFault.CutMidway ? body.Length / 2 : body.Length;
        await context.Response.Body.WriteAsync(body.AsMemory(0, length), cancellationToken);
        await context.Response.Body.FlushAsync(cancellationToken);
        if (length < body.Length)
        {
            context.Abort();
        }
    }
}
