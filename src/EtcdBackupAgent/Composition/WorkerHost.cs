using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Scheduling;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Composition;

/// <summary>Puts the worker of <c>run</c> together, and runs it.</summary>
internal static class WorkerHost
{
    /// <summary>Runs the worker until it is told to stop and has stopped.</summary>
    /// <param name="resources">Where the policies are.</param>
    /// <param name="pins">Where it is remembered whom repositories encrypt to.</param>
    /// <param name="options">The worker's times and limits.</param>
    /// <param name="configureLogs">Says where the log goes; it is written to its end when this returns.</param>
    /// <param name="cancellationToken">Tells it to stop.</param>
    /// <exception cref="Core.Failures.BackupException">The resources cannot be used; the worker did not start.</exception>
    public static async Task RunAsync(
        IResourceStore resources,
        IRecipientPins pins,
        PolicyWorkerOptions options,
        Action<ILoggingBuilder> configureLogs,
        CancellationToken cancellationToken)
    {
        using IHost host = Create(resources, pins, options, configureLogs);
        PolicyWorker worker = host.Services.GetRequiredService<PolicyWorker>();
        await host.RunAsync(cancellationToken);

        // The host ends in the same way whether its worker was told to stop or failed; only the worker knows.
        await (worker.ExecuteTask ?? Task.CompletedTask);
    }

    private static IHost Create(
        IResourceStore resources, IRecipientPins pins, PolicyWorkerOptions options, Action<ILoggingBuilder> configureLogs)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        configureLogs(builder.Logging);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.StopPeriod);
        builder.Services.AddSingleton<IHostLifetime, SignalsElsewhere>();
        builder.Services.AddSingleton(services =>
        {
            ILoggerFactory loggers = services.GetRequiredService<ILoggerFactory>();
            return new PolicyWorker(resources, new PolicyRunner(pins, loggers), options, Wiring.Time, loggers);
        });
        builder.Services.AddHostedService(services => services.GetRequiredService<PolicyWorker>());
        return builder.Build();
    }

    /// <summary>
    /// Leaves the signals to the program, which turns the first into the cancellation that ends the host. The host's own way of taking
    /// them would also swallow the second, which is to end the process at once.
    /// </summary>
    private sealed class SignalsElsewhere : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
