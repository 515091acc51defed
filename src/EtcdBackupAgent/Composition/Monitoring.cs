using System.Net;
using EtcdBackupAgent.Observability;
using EtcdBackupAgent.Observability.Metrics;
using EtcdBackupAgent.Observability.Otlp;
using EtcdBackupAgent.Runtime;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Composition;

/// <summary>Adds the monitoring of a long-running agent to its host.</summary>
internal static partial class Monitoring
{
    /// <summary>The time that a stopping host must allow for the last export and for responses under way.</summary>
    public static readonly TimeSpan StopPeriod = OtlpExport.FlushPeriodMax + TimeSpan.FromSeconds(2);

    /// <summary>
    /// Adds <see cref="AgentMetrics"/> and <see cref="AgentHealth"/>, and the services that serve and export them. Call
    /// this before the services that do the work are added. Services start in order, so an address that cannot be used
    /// is reported before any work begins. They stop in reverse order, so the last events are still exported.
    /// </summary>
    /// <param name="services">The services of the host.</param>
    /// <param name="listen">The address to serve; null for none.</param>
    /// <param name="silenceMax">How long the main loop can be silent before it is considered hung.</param>
    /// <param name="time">The clock of the measures.</param>
    public static void AddMonitoring(
        this IServiceCollection services,
        IPEndPoint? listen,
        TimeSpan silenceMax,
        TimeProvider time)
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

    /// <param name="metrics">The metrics to export. They are created before the export and disposed after it.</param>
    /// <param name="loggers">Provides the logger for failures to export.</param>
    private sealed partial class Export(AgentMetrics metrics, ILoggerFactory loggers) : IHostedService
    {
        private readonly ILogger _logger = loggers.CreateLogger<OtlpExport>();
        private OtlpExport? _export;

        public Task StartAsync(CancellationToken cancellationToken)
        {
            _export = OtlpExport.Start(metrics.Meter.Version ?? "", ExportWarning);
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
        private partial void ExportWarning(string fact);
    }
}
