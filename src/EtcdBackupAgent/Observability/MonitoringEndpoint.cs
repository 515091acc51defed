using System.Net;
using System.Net.Sockets;
using EtcdBackupAgent.Configuration;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Observability.Metrics;
using EtcdBackupAgent.Observability.Prometheus;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Observability;

/// <summary>
/// Serves <c>/metrics</c>, <c>/healthz</c> and <c>/readyz</c> over HTTP, for <c>run --listen</c>.
/// </summary>
internal sealed class MonitoringEndpoint : IHostedService, IAsyncDisposable
{
    /// <summary>Enough for scrapers, probes and a few browsers; further connections are refused.</summary>
    private const int ConnectionsMax = 64;

    private readonly IPEndPoint _address;
    private readonly AgentHealth _health;
    private readonly MeterReader _reader;
    private readonly WebApplication _server;

    public MonitoringEndpoint(IPEndPoint address, AgentMetrics metrics, AgentHealth health, ILoggerFactory loggers)
    {
        (_address, _health) = (address, health);
        _reader = new MeterReader(metrics.Meter);
        metrics.OnPolicyDeleted = policy => _reader.RemoveSeries(AgentMetrics.PolicyLabel, policy);

        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(loggers);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = ConnectionsMax;
            kestrel.Limits.MaxRequestBodySize = 0;
            kestrel.Listen(address);
        });
        _server = builder.Build();
        _server.Run(RespondAsync);
    }

    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/> if the address cannot be listened on.
    /// </exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _server.StartAsync(cancellationToken);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            string why = ((e as SocketException) ?? (e.GetBaseException() as SocketException))?.Message ?? e.Message;
            throw new BackupException(
                FailureReason.InvalidInput, $"{ListenAddress.Option} {_address} cannot be used: {why}.", e)
            {
                Hint = "Choose another port, or stop the process that listens on it.",
            };
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => _server.StopAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _reader.Dispose();
    }

    private Task RespondAsync(HttpContext context)
    {
        bool isGetOrHead = HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method);
        return (isGetOrHead, context.Request.Path.Value) switch
        {
            (false, _) => WriteAsync(context, StatusCodes.Status405MethodNotAllowed, "Only GET is supported.\n"),
            (true, "/metrics") => WriteAsync(
                context, StatusCodes.Status200OK, PrometheusText.Write(_reader.Read()), PrometheusText.ContentType),
            (true, "/healthz") => WriteAsync(context, _health.Liveness()),
            (true, "/readyz") => WriteAsync(context, _health.Readiness()),
            _ => WriteAsync(context, StatusCodes.Status404NotFound, "The paths are /metrics, /healthz and /readyz.\n"),
        };
    }

    private static Task WriteAsync(HttpContext context, ProbeResult result) => WriteAsync(
        context, result.IsSuccess ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable, result.Text);

    private static Task WriteAsync(
        HttpContext context, int status, string text, string contentType = "text/plain; charset=utf-8")
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = contentType;
        context.Response.Headers.CacheControl = "no-store";
        return HttpMethods.IsHead(context.Request.Method)
            ? Task.CompletedTask
            : context.Response.WriteAsync(text, context.RequestAborted);
    }
}
