using System.Net;
using EtcdBackupAgent.Core.Archiving;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Observability;
using EtcdBackupAgent.Observability.Metrics;
using EtcdBackupAgent.Pods;
using EtcdBackupAgent.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Composition;

/// <summary>What <c>archive</c> has while it writes a log: the loggers, and the monitoring.</summary>
internal sealed class ArchiveHost : IArchiveMonitor
{
    /// <summary>How long nothing may be reported before the policy is known.</summary>
    private static readonly TimeSpan SilenceMax = TimeSpan.FromMinutes(5);

    private readonly AgentHealth _health;

    private ArchiveHost(IServiceProvider services)
    {
        Loggers = services.GetRequiredService<ILoggerFactory>();
        Metrics = services.GetRequiredService<AgentMetrics>();
        _health = services.GetRequiredService<AgentHealth>();
    }

    public ILoggerFactory Loggers { get; }

    public AgentMetrics Metrics { get; }

    /// <summary>Runs the monitoring while a log is written.</summary>
    /// <param name="listen">The address that serves metrics and health; null for none.</param>
    /// <param name="time">The clock.</param>
    /// <param name="configureLogs">Configures the log. All lines are written when this method returns.</param>
    /// <param name="write">Writes the log until its token is cancelled.</param>
    /// <param name="cancellationToken">Stops in order.</param>
    public static async Task RunAsync(
        IPEndPoint? listen,
        TimeProvider time,
        Action<ILoggingBuilder> configureLogs,
        Func<ArchiveHost, CancellationToken, Task> write,
        CancellationToken cancellationToken)
    {
        using IHost host = AgentHost.Create(
            configureLogs, Monitoring.StopPeriod, services => services.AddMonitoring(listen, SilenceMax, time));
        await host.StartAsync(cancellationToken);
        try
        {
            await write(new ArchiveHost(host.Services), cancellationToken);
        }
        finally
        {
            await host.StopAsync(CancellationToken.None);
        }
    }

    public void Waiting() => _health.Beat();

    /// <summary>
    /// Returns the observer of the log of a policy: it logs, measures and reports that the process works.
    /// </summary>
    public IArchiveObserver Started(ResourceName policy, PolicyChangeLog log)
    {
        // Each mark is reported, and each failure.
        _health.SilenceMax = SilenceMax + (2 * log.CloseEvery);
        return new ArchiveObservers(
            new ArchiveLog(policy, Loggers.CreateLogger<ArchiveRun>()),
            Metrics.ChangeLogs.Started(policy.Short, log),
            new ArchiveHealth(_health));
    }

    public void Stopped(ResourceName policy)
    {
        Metrics.ChangeLogs.Stopped(policy.Short);
        _health.SetReady(ArchiveHealth.Condition, holds: false);
    }
}
