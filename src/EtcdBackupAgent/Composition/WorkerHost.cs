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

/// <summary>Puts the worker of <c>run</c> together, and runs it.</summary>
internal static class WorkerHost
{
    /// <summary>Runs the worker until it is told to stop and has stopped.</summary>
    /// <param name="wiring">Chooses the adapters.</param>
    /// <param name="resources">Where the policies are.</param>
    /// <param name="pins">Where it is remembered whom repositories encrypt to.</param>
    /// <param name="scratch">Where backups put what a slow repository has not taken yet.</param>
    /// <param name="options">The worker's times and limits.</param>
    /// <param name="listen">Where metrics and health are shown; null for nowhere.</param>
    /// <param name="configureLogs">Says where the log goes; it is written to its end when this returns.</param>
    /// <param name="cancellationToken">Tells it to stop.</param>
    /// <exception cref="Core.Failures.BackupException">The resources cannot be used; the worker did not start.</exception>
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

        // The host ends in the same way whether its worker was told to stop or failed; only the worker knows.
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
        return HostParts.Create(configureLogs, options.StopPeriod + Monitoring.StopPeriod, services =>
        {
            services.AddMonitoring(listen, options.SilenceMax, wiring.Time);
            services.AddSingleton(provider =>
            {
                ILoggerFactory loggers = provider.GetRequiredService<ILoggerFactory>();
                AgentMetrics metrics = provider.GetRequiredService<AgentMetrics>();
                AgentHealth health = provider.GetRequiredService<AgentHealth>();
                PolicyRunner runner = new(
                    wiring.BackupParts(scratch, loggers), pins, metrics, loggers.CreateLogger<PolicyRunner>());
                return new PolicyWorker(resources, runner, options, metrics, health, wiring.Time, loggers);
            });
            services.AddHostedService(provider => provider.GetRequiredService<PolicyWorker>());
        });
    }
}
