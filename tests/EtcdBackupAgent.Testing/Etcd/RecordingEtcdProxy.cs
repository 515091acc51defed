using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Testing.Etcd;

/// <summary>
/// A proxy for one member of an etcd without TLS. It records when each call begins and ends; several proxies can record
/// into one list. The end of a call is recorded before its caller can notice it.
/// </summary>
public sealed class RecordingEtcdProxy : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly HttpMessageInvoker _member = new(new SocketsHttpHandler { UseProxy = false });

    private RecordingEtcdProxy(WebApplication application) => _application = application;

    public Uri Endpoint => new(_application.Urls.Single());

    /// <param name="member">The member's client URL.</param>
    /// <param name="record">
    /// Called with the endpoint of the proxy and a text such as <c>Maintenance/Snapshot began</c>.
    /// </param>
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
        using HttpResponseMessage response = await _member.SendAsync(request, context.RequestAborted);
        context.Response.ContentType = response.Content.Headers.ContentType?.ToString();
        foreach ((string name, IEnumerable<string> values) in response.Headers)
        {
            context.Response.Headers[name] = values.ToArray();
        }

        await response.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
        record(Endpoint, $"{call} ended");
        foreach ((string name, IEnumerable<string> values) in response.TrailingHeaders)
        {
            context.Response.AppendTrailer(name, values.ToArray());
        }
    }
}
