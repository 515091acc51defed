using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Tests.Etcd;

/// <summary>An HTTP/2 server whose responses a test chooses, also those that a real etcd does not give.</summary>
internal sealed class FakeEtcd : IAsyncDisposable
{
    private readonly WebApplication _application;

    private FakeEtcd(WebApplication application) => _application = application;

    public Uri Endpoint => new(_application.Urls.Single());

    /// <summary>Starts a server that responds to each call by the end of its path: <c>Maintenance/Status</c>.</summary>
    public static async Task<FakeEtcd> StartAsync(params (string Path, RequestDelegate Respond)[] calls)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddLogging(logging => logging.ClearProviders());
        builder.WebHost.ConfigureKestrel(kestrel =>
            kestrel.Listen(IPAddress.Loopback, port: 0, listen => listen.Protocols = HttpProtocols.Http2));
        WebApplication application = builder.Build();
        application.Run(context =>
            calls
                .Single(call => context.Request.Path.Value!.EndsWith(call.Path, StringComparison.Ordinal))
                .Respond(context));
        await application.StartAsync();
        return new FakeEtcd(application);
    }

    /// <summary>Responds with frames and a status in the trailers.</summary>
    public static RequestDelegate Frames(byte[] frames, int status = 0, string? message = null) =>
        Frames(frames, $"{status}", message);

    /// <summary>Does the same, with a status that does not have to be a number, or with no status.</summary>
    public static RequestDelegate Frames(byte[] frames, string? status, string? message = null) => async context =>
    {
        context.Response.ContentType = "application/grpc";
        await context.Response.Body.WriteAsync(frames);
        if (status is not null)
        {
            context.Response.AppendTrailer("grpc-status", status);
        }

        if (message is not null)
        {
            context.Response.AppendTrailer("grpc-message", message);
        }
    };

    /// <summary>Responds with frames in pieces, each flushed before the next, and a status in the trailers.</summary>
    public static RequestDelegate Pieces(byte[] frames, int pieceBytes) => async context =>
    {
        context.Response.ContentType = "application/grpc";
        foreach (byte[] piece in frames.Chunk(pieceBytes))
        {
            await context.Response.Body.WriteAsync(piece);
            await context.Response.Body.FlushAsync();
        }

        context.Response.AppendTrailer("grpc-status", "0");
    };

    /// <summary>Responds with only a status, in the headers.</summary>
    public static RequestDelegate TrailersOnly(int status, string message) => TrailersOnly($"{status}", message);

    /// <summary>Does the same, with a status that does not have to be a number.</summary>
    public static RequestDelegate TrailersOnly(string status, string message) => context =>
    {
        context.Response.ContentType = "application/grpc";
        context.Response.Headers["grpc-status"] = status;
        context.Response.Headers["grpc-message"] = message;
        return Task.CompletedTask;
    };

    /// <summary>Responds with an HTTP status and without gRPC.</summary>
    public static RequestDelegate Http(int status, string contentType = "text/html") => context =>
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = contentType;
        return context.Response.WriteAsync("<html>");
    };

    /// <summary>Sends some frames and then nothing, until the client closes the connection.</summary>
    public static RequestDelegate Stall(byte[] frames) => async context =>
    {
        context.Response.ContentType = "application/grpc";
        await context.Response.Body.WriteAsync(frames);
        await context.Response.Body.FlushAsync();
        TaskCompletionSource gone = new();
        await using CancellationTokenRegistration registration = context.RequestAborted.Register(gone.SetResult);
        await gone.Task;
    };

    public ValueTask DisposeAsync() => _application.DisposeAsync();
}
