using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Composition;

/// <summary>What the hosts of all long-running verbs have in common.</summary>
internal static class HostParts
{
    /// <param name="configureLogs">Says where the log goes; it is written to its end when the host is disposed.</param>
    /// <param name="stopPeriod">How long stopping may take.</param>
    /// <param name="addServices">Adds what runs, in its order.</param>
    public static IHost Create(
        Action<ILoggingBuilder> configureLogs, TimeSpan stopPeriod, Action<IServiceCollection> addServices)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        configureLogs(builder.Logging);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = stopPeriod);
        builder.Services.AddSingleton<IHostLifetime, SignalsElsewhere>();
        addServices(builder.Services);
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
