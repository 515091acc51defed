using System.Collections.Concurrent;
using System.Net;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Api.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Tests.Kubernetes.Api;

/// <summary>An HTTP server that sends given responses, one for each request, also those that a real API server does not
/// send. When it has no more responses, the client waits.</summary>
internal sealed class FakeApi : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly ConcurrentQueue<RequestDelegate> _responses;
    private readonly ConcurrentQueue<string> _requests = [];

    private FakeApi(IEnumerable<RequestDelegate> responses)
    {
        _responses = new ConcurrentQueue<RequestDelegate>(responses);
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddLogging(logging => logging.ClearProviders());
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port: 0));
        _application = builder.Build();
        _application.Run(RespondAsync);
    }

    public Uri Url => new(_application.Urls.Single());

    /// <summary>The method, the path with the query, and the authorization of each request so far.</summary>
    public IReadOnlyList<string> Requests => [.. _requests];

    public static async Task<FakeApi> StartAsync(params RequestDelegate[] responses)
    {
        FakeApi api = new(responses);
        await api._application.StartAsync();
        return api;
    }

    public static RequestDelegate Json(string json, int status = 200) => context =>
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(json);
    };

    public static RequestDelegate Refusal(int status, string reason, string message) => Json(
        $$"""{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"{{reason}}","message":"{{message}}","code":{{status}}}""",
        status);

    /// <summary>Writes lines of a watch and ends it, regularly or by closing the connection before the end of the
    /// response.</summary>
    public static RequestDelegate Lines(bool cut, params string[] lines) => async context =>
    {
        // If the connection were aborted, the client could lose data that it has not read yet.
        context.Response.ContentLength = cut ? 1_000_000 : null;
        foreach (string line in lines)
        {
            await context.Response.WriteAsync(line + "\n");
        }
    };

    /// <summary>Returns a client of this server, without credentials unless they are given.</summary>
    public KubernetesClient Client(TimeProvider time, IApiCredentials? credentials = null) => new(
        new KubernetesConnection
        {
            Server = Url,
            Credentials = credentials ?? new FixedCredentials(token: null, certificate: null),
        },
        time);

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    private async Task RespondAsync(HttpContext context)
    {
        string authorization = context.Request.Headers.Authorization.ToString();
        _requests.Enqueue(
            $"{context.Request.Method} {context.Request.Path}{context.Request.QueryString} {authorization}".TrimEnd());
        if (_responses.TryDequeue(out RequestDelegate? respond))
        {
            await respond(context);
            return;
        }

        TaskCompletionSource gone = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using CancellationTokenRegistration registration = context.RequestAborted.Register(gone.SetResult);
        await context.Response.Body.FlushAsync();
        await gone.Task;
    }
}
