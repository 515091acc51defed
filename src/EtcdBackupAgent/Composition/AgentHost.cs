using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Composition;

/// <summary>Creates the hosts of all long-running verbs.</summary>
internal static class AgentHost
{
    /// <param name="configureLogs">Configures the log. Disposing the host writes the queued lines.</param>
    /// <param name="stopPeriod">How long stopping may take.</param>
    /// <param name="addServices">Adds the services, in the order in which they start.</param>
    public static IHost Create(
        Action<ILoggingBuilder> configureLogs, TimeSpan stopPeriod, Action<IServiceCollection> addServices)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        configureLogs(builder.Logging);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = stopPeriod);
        builder.Services.AddSingleton<IHostLifetime, LifetimeWithoutSignals>();
        addServices(builder.Services);
        return builder.Build();
    }

    /// <summary>
    /// Leaves the signals to the program, which turns the first signal into the cancellation that stops the host. The
    /// default lifetime of the host would also suppress the second signal, which must end the process at once.
    /// </summary>
    private sealed class LifetimeWithoutSignals : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
