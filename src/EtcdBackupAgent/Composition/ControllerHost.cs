using System.Net;
using EtcdBackupAgent.Configuration;
using EtcdBackupAgent.Core.Artifacts;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Catalogue;
using EtcdBackupAgent.Kubernetes.Controllers;
using EtcdBackupAgent.Kubernetes.Publishing;
using EtcdBackupAgent.Kubernetes.Reading;
using EtcdBackupAgent.Kubernetes.Workloads;
using EtcdBackupAgent.Observability;
using EtcdBackupAgent.Observability.Metrics;
using EtcdBackupAgent.Runtime;
using EtcdBackupAgent.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Composition;

/// <summary>The settings of <c>run --kubernetes</c>.</summary>
internal sealed record ControllerHostOptions
{
    /// <summary>The address that serves metrics and health; null for none.</summary>
    public IPEndPoint? Listen { get; init; }

    /// <summary>The image of the pods of backups and restores.</summary>
    public required PodImage Image { get; init; }

    /// <summary>Whether this process makes the backups of every policy itself.</summary>
    public bool IsInProcess { get; init; }

    /// <summary>Where the backups of this process store data that a slow repository has not accepted yet.</summary>
    public required ScratchSpace Scratch { get; init; }

    public required ControllerOptions Controller { get; init; }
}

/// <summary>Composes the controller of <c>run --kubernetes</c>, and runs it.</summary>
internal static class ControllerHost
{
    /// <summary>The main loop reports every few seconds that it is alive.</summary>
    private static readonly TimeSpan SilenceMax = TimeSpan.FromMinutes(1);

    /// <summary>The options of the worker in the controller. It reads an API server instead of a directory.</summary>
    private static readonly PolicyWorkerOptions WorkerOptions = new()
    {
        ReloadPeriod = TimeSpan.FromSeconds(10),
        RefusesInvalidAtStart = false,
    };

    /// <summary>Runs the controller until the token is cancelled and the controller has stopped.</summary>
    public static async Task RunAsync(
        Wiring wiring,
        ConnectedCluster cluster,
        ControllerHostOptions options,
        Action<ILoggingBuilder> configureLogs,
        CancellationToken cancellationToken)
    {
        using IHost host = AgentHost.Create(
            configureLogs,
            WorkerOptions.StopPeriod + ClusterController.StopPeriod + Monitoring.StopPeriod,
            services =>
            {
                services.AddMonitoring(options.Listen, SilenceMax, wiring.Time);
                services.AddSingleton(provider => Controller(wiring, cluster, options, provider));
                services.AddSingleton(provider => new Service(provider.GetRequiredService<ClusterController>()));
                services.AddHostedService(provider => provider.GetRequiredService<Service>());
            });
        Service service = host.Services.GetRequiredService<Service>();
        await host.RunAsync(cancellationToken);

        // The host ends in the same way if the controller was stopped and if it failed; only its task has the failure.
        await (service.ExecuteTask ?? Task.CompletedTask);
    }

    private static void Report(AgentMetrics metrics, string location, Inventory inventory) => metrics.RepositorySeen(
        location,
        inventory.Snapshots.Count,
        inventory.Snapshots.Sum(s => s.Manifest.StoredBytes),
        inventory.FromFuture.Count(),
        inventory.Snapshots.Max(s => s.Lock?.Until));

    private static ClusterController Controller(
        Wiring wiring, ConnectedCluster cluster, ControllerHostOptions options, IServiceProvider services)
    {
        ILoggerFactory loggers = services.GetRequiredService<ILoggerFactory>();
        AgentMetrics metrics = services.GetRequiredService<AgentMetrics>();
        AgentHealth health = services.GetRequiredService<AgentHealth>();
        string identity = PodIdentity.Name();
        EventRecorder events = new(cluster.Client, identity, wiring.Time);
        RepositoryAccess repositories = Repositories(wiring, loggers);
        DeletedRecords deleted = new();
        CatalogueSync sync =
            new(cluster.Client, repositories.OpenStore, wiring.Time) { IsAwaitingDeletion = deleted.Contains };

        PolicyWorker? worker = null;
        PolicyExecutionMode mode = new()
        {
            Image = options.Image,
            IsAlwaysInProcess = options.IsInProcess,
            BackUpNow = (name, occasion) => worker?.BackUpNow(name, occasion) ?? false,
        };
        ClusterPolicies policies =
            new(metrics, mode.IsInProcess, wiring.Time) { InProcessChanged = () => worker?.Wake() };
        PolicyRunner runner = Runner(wiring, cluster, options.Scratch, metrics, loggers);
        InProcessResources resources = new(new ClusterResourceStore(cluster), policies);
        ILogger logger = loggers.CreateLogger<ClusterController>();
        return new ClusterController(
            cluster,
            identity,
            [
                new LocationReconciler(cluster, repositories, sync, events, options.Controller, wiring.Time, logger)
                {
                    Seen = (location, report) => Report(metrics, location, report.Inventory),
                    Gone = metrics.LocationDeleted,
                },
                new PolicyReconciler(cluster, mode, events, options.Controller, wiring.Time, logger)
                {
                    Observer = policies,
                },
                new RecordReconciler(cluster, repositories, events, wiring.Time, logger) { DeletedRecords = deleted },
                new RestoreReconciler(cluster, options.Image, events, options.Controller, wiring.Time, logger),
            ],
            options.Controller,
            health,
            metrics.Reconciles,
            wiring.Time,
            logger)
        {
            Companions = [RunWorkerAsync],
        };

        // A new worker each time that this process gets the lease: the state of the previous one may be out of date.
        async Task RunWorkerAsync(CancellationToken cancellationToken)
        {
            using PolicyWorker started = new(
                resources, runner, WorkerOptions, metrics, metrics.ChangeLogs, health, wiring.Time, loggers);
            await started.StartAsync(cancellationToken);
            worker = started;
            try
            {
                await (started.ExecuteTask ?? Task.CompletedTask).WaitAsync(cancellationToken);
            }
            finally
            {
                worker = null;
                await started.StopAsync(CancellationToken.None);
                policies.RemoveAll();
            }
        }
    }

    private static PolicyRunner Runner(
        Wiring wiring, ConnectedCluster cluster, ScratchSpace scratch, AgentMetrics metrics, ILoggerFactory loggers) =>
        new(
            wiring.BackupParts(scratch, loggers),
            new LocationStatusPins(cluster.Client),
            metrics,
            loggers.CreateLogger<PolicyRunner>())
        {
            Publisher = new Publisher(cluster.Client, PodIdentity.Name(), wiring.Time),
        };

    private static RepositoryAccess Repositories(Wiring wiring, ILoggerFactory loggers) => new()
    {
        OpenStore = (location, resources) => wiring.Store(location, resources, loggers),
        Passphrase = PassphraseText.OfSecret,
        AgentVersion = AgentVersion.Text,
    };

    private sealed class Service(ClusterController controller) : BackgroundService
    {
        protected override Task ExecuteAsync(CancellationToken stoppingToken) => controller.RunAsync(stoppingToken);
    }
}
