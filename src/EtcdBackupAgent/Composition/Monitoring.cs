using System.Net;
using EtcdBackupAgent.Observability;
using EtcdBackupAgent.Observability.Metrics;
using EtcdBackupAgent.Observability.Otlp;
using EtcdBackupAgent.Runtime;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Composition;

/// <summary>What of a long-running agent can be watched from outside, put together for its host.</summary>
internal static partial class Monitoring
{
    /// <summary>What a host has to allow for it when it stops: the last export, and answers under way.</summary>
    public static readonly TimeSpan StopPeriod = OtlpExport.FlushPeriodMax + TimeSpan.FromSeconds(2);

    /// <summary>
    /// Adds <see cref="AgentMetrics"/> and <see cref="AgentHealth"/>, and what shows and exports them. To be called
    /// before the work is added: services start in their order, so an address that cannot be used is said before any
    /// work begins, and they end in the reverse order, so the last that happened is exported.
    /// </summary>
    /// <param name="services">The host's.</param>
    /// <param name="listen">Where to answer; null to answer nowhere.</param>
    /// <param name="silenceMax">How long the main loop may not move before it is taken for hung.</param>
    /// <param name="time">The clock of the measures.</param>
    public static void AddMonitoring(this IServiceCollection services, IPEndPoint? listen, TimeSpan silenceMax, TimeProvider time)
    {
        services.AddSingleton(_ => new AgentMetrics(AgentVersion.Text, time));
        services.AddSingleton(_ => new AgentHealth(time, silenceMax));
        services.AddHostedService(provider => new Export(
            provider.GetRequiredService<AgentMetrics>(), provider.GetRequiredService<ILoggerFactory>()));
        if (listen is not null)
        {
            services.AddHostedService(provider => new MonitoringEndpoint(
                listen,
                provider.GetRequiredService<AgentMetrics>(),
                provider.GetRequiredService<AgentHealth>(),
                provider.GetRequiredService<ILoggerFactory>()));
        }
    }

    /// <param name="metrics">Made before it is exported, and there until it has been.</param>
    /// <param name="loggers">Where it is said that exporting fails.</param>
    private sealed partial class Export(AgentMetrics metrics, ILoggerFactory loggers) : IHostedService
    {
        private readonly ILogger _logger = loggers.CreateLogger<OtlpExport>();
        private OtlpExport? _export;

        public Task StartAsync(CancellationToken cancellationToken)
        {
            _export = OtlpExport.Start(metrics.Meter.Version ?? "", Warned);
            return Task.CompletedTask;
        }

        public async Task StopAsync(CancellationToken cancellationToken)
        {
            if (_export is not null)
            {
                await _export.DisposeAsync();
            }
        }

        [LoggerMessage(LogLevel.Warning, "{Fact}")]
        private partial void Warned(string fact);
    }
}
