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

/// <summary>An HTTP server that answers one request after the other as a real API server cannot be made to; when it has
/// no more answers it leaves the client waiting.</summary>
internal sealed class FakeApi : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly ConcurrentQueue<RequestDelegate> _answers;
    private readonly ConcurrentQueue<string> _requests = [];

    private FakeApi(IEnumerable<RequestDelegate> answers)
    {
        _answers = new ConcurrentQueue<RequestDelegate>(answers);
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddLogging(logging => logging.ClearProviders());
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port: 0));
        _application = builder.Build();
        _application.Run(AnswerAsync);
    }

    public Uri Url => new(_application.Urls.Single());

    /// <summary>Method, path and query, and the authorization, of each request so far.</summary>
    public IReadOnlyList<string> Requests => [.. _requests];

    public static async Task<FakeApi> StartAsync(params RequestDelegate[] answers)
    {
        FakeApi api = new(answers);
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

    /// <summary>Writes lines of a watch and ends it, in order or by closing the connection before the answer's
    /// end.</summary>
    public static RequestDelegate Lines(bool cut, params string[] lines) => async context =>
    {
        // An aborted connection could take with it what the client has not read yet.
        context.Response.ContentLength = cut ? 1_000_000 : null;
        foreach (string line in lines)
        {
            await context.Response.WriteAsync(line + "\n");
        }
    };

    /// <summary>A client of this server, as nobody unless credentials are given.</summary>
    public KubernetesClient Client(TimeProvider time, IApiCredentials? credentials = null) => new(
        new KubernetesConnection
        {
            Server = Url,
            Credentials = credentials ?? new FixedCredentials(token: null, certificate: null),
        },
        time);

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        string authorization = context.Request.Headers.Authorization.ToString();
        _requests.Enqueue(
            $"{context.Request.Method} {context.Request.Path}{context.Request.QueryString} {authorization}".TrimEnd());
        if (_answers.TryDequeue(out RequestDelegate? answer))
        {
            await answer(context);
            return;
        }

        TaskCompletionSource gone = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using CancellationTokenRegistration registration = context.RequestAborted.Register(gone.SetResult);
        await context.Response.Body.FlushAsync();
        await gone.Task;
    }
}
