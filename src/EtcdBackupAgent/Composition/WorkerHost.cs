using System.Net;
using EtcdBackupAgent.Core.Artifacts;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Observability;
using EtcdBackupAgent.Observability.Metrics;
using EtcdBackupAgent.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Composition;

/// <summary>Composes the worker of <c>run</c>, and runs it.</summary>
internal static class WorkerHost
{
    /// <summary>Runs the worker until the token is cancelled and the worker has stopped.</summary>
    /// <param name="wiring">Chooses the adapters.</param>
    /// <param name="resources">Where the policies are.</param>
    /// <param name="pins">The recipients that each location is pinned to.</param>
    /// <param name="scratch">Where backups store data that a slow repository has not accepted yet.</param>
    /// <param name="options">The worker's times and limits.</param>
    /// <param name="listen">The address that serves metrics and health; null for none.</param>
    /// <param name="configureLogs">Configures the log. All lines are written when this method returns.</param>
    /// <param name="cancellationToken">Stops the worker in order.</param>
    /// <exception cref="Core.Failures.BackupException">
    /// The resources cannot be used; the worker did not start.
    /// </exception>
    public static async Task RunAsync(
        Wiring wiring,
        IResourceStore resources,
        IRecipientPins pins,
        ScratchSpace scratch,
        PolicyWorkerOptions options,
        IPEndPoint? listen,
        Action<ILoggingBuilder> configureLogs,
        CancellationToken cancellationToken)
    {
        using IHost host = Create(wiring, resources, pins, scratch, options, listen, configureLogs);
        PolicyWorker worker = host.Services.GetRequiredService<PolicyWorker>();
        await host.RunAsync(cancellationToken);

        // The host ends in the same way if its worker was stopped and if it failed; only the worker has the failure.
        await (worker.ExecuteTask ?? Task.CompletedTask);
    }

    private static IHost Create(
        Wiring wiring,
        IResourceStore resources,
        IRecipientPins pins,
        ScratchSpace scratch,
        PolicyWorkerOptions options,
        IPEndPoint? listen,
        Action<ILoggingBuilder> configureLogs)
    {
        return AgentHost.Create(configureLogs, options.StopPeriod + Monitoring.StopPeriod, services =>
        {
            services.AddMonitoring(listen, options.SilenceMax, wiring.Time);
            services.AddSingleton(provider =>
            {
                ILoggerFactory loggers = provider.GetRequiredService<ILoggerFactory>();
                AgentMetrics metrics = provider.GetRequiredService<AgentMetrics>();
                AgentHealth health = provider.GetRequiredService<AgentHealth>();
                PolicyRunner runner = new(
                    wiring.BackupParts(scratch, loggers), pins, metrics, loggers.CreateLogger<PolicyRunner>());
                return new PolicyWorker(
                    resources, runner, options, metrics, metrics.ChangeLogs, health, wiring.Time, loggers);
            });
            services.AddHostedService(provider => provider.GetRequiredService<PolicyWorker>());
        });
    }
}
