using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Testing.Etcd;

/// <summary>
/// Stands before one member of an etcd without TLS and writes down which calls begin and end, in one list for several
/// proxies. That a call has ended is written down before its caller can know.
/// </summary>
public sealed class RecordingEtcdProxy : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly HttpMessageInvoker _member = new(new SocketsHttpHandler { UseProxy = false });

    private RecordingEtcdProxy(WebApplication application) => _application = application;

    public Uri Endpoint => new(_application.Urls.Single());

    /// <param name="member">The member's client URL.</param>
    /// <param name="record">Called with the proxy's endpoint and a text such as <c>Maintenance/Snapshot
    /// began</c>.</param>
    public static async Task<RecordingEtcdProxy> StartAsync(Uri member, Action<Uri, string> record)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddLogging(logging => logging.ClearProviders());
        builder.WebHost.ConfigureKestrel(kestrel =>
            kestrel.Listen(IPAddress.Loopback, port: 0, listen => listen.Protocols = HttpProtocols.Http2));
        RecordingEtcdProxy proxy = new(builder.Build());
        proxy._application.Run(context => proxy.ForwardAsync(context, member, record));
        await proxy._application.StartAsync();
        return proxy;
    }

    public async ValueTask DisposeAsync()
    {
        await _application.DisposeAsync();
        _member.Dispose();
    }

    private async Task ForwardAsync(HttpContext context, Uri member, Action<Uri, string> record)
    {
        string call = context.Request.Path.Value!.Replace("/etcdserverpb.", "", StringComparison.Ordinal);
        record(Endpoint, $"{call} began");
        using MemoryStream body = new();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        using HttpRequestMessage request = new(HttpMethod.Post, new Uri(member, context.Request.Path.Value))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(body.ToArray()),
        };
        request.Content.Headers.TryAddWithoutValidation("content-type", context.Request.ContentType);
        request.Headers.TryAddWithoutValidation("te", "trailers");
        using HttpResponseMessage answer = await _member.SendAsync(request, context.RequestAborted);
        context.Response.ContentType = answer.Content.Headers.ContentType?.ToString();
        foreach ((string name, IEnumerable<string> values) in answer.Headers)
        {
            context.Response.Headers[name] = values.ToArray();
        }

        await answer.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
        record(Endpoint, $"{call} ended");
        foreach ((string name, IEnumerable<string> values) in answer.TrailingHeaders)
        {
            context.Response.AppendTrailer(name, values.ToArray());
        }
    }
}
