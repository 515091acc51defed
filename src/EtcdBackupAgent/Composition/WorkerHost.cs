using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Kubernetes.Resources;
using EtcdBackupAgent.Scheduling;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Composition;

/// <summary>Puts the worker of <c>run</c> together.</summary>
internal static class WorkerHost
{
    public static IHost Create(string resourceDirectory, Action<ILoggingBuilder> configureLogs)
    {
        PolicyWorkerOptions options = new();
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        configureLogs(builder.Logging);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.StopPeriod);
        builder.Services.AddHostedService(services =>
        {
            ILoggerFactory loggers = services.GetRequiredService<ILoggerFactory>();
            IResourceStore resources = new DirectoryResourceStore(resourceDirectory);
            return new PolicyWorker(resources, new PolicyRunner(loggers), options, Wiring.Time, loggers);
        });
        return builder.Build();
    }
}
