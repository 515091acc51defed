using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Health;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Api.Leases;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Kubernetes.Controllers;

/// <summary>Runs the reconcilers of all kinds. Only one process of a cluster does so at a time.</summary>
/// <remarks>
/// 1. Wait for the lease; another process may hold it.
/// 2. While this process holds it: run every reconciler, and the companions.
/// 3. When the lease is lost: stop all of them, and start again at step 1.
/// 4. On cancellation: stop them and release the lease. If the namespace is being deleted, also remove the agent's
///    finalizers from its objects.
/// </remarks>
internal sealed class ClusterController(
    ConnectedCluster cluster,
    string identity,
    IReadOnlyList<IReconciler> reconcilers,
    ControllerOptions controllerOptions,
    IAgentHealth health,
    IReconcileMetrics metrics,
    TimeProvider time,
    ILogger logger)
{
    private const string LeaseName = "etcd-backup-agent";

    /// <summary>Whether the holder of the lease is known, which means that the API server responds. A process that
    /// waits for the lease is ready, too: a rollout waits for the new process before it stops the old one.</summary>
    private const string LeaseCondition = "lease";

    /// <summary>While the lease is held: whether all existing objects have been listed.</summary>
    private const string SyncedCondition = "cluster";

    private static readonly TimeSpan HeartbeatPeriod = TimeSpan.FromSeconds(5);

    /// <summary>How long the removal of the finalizers may take at the end.</summary>
    private static readonly TimeSpan FinalizersTimeout = TimeSpan.FromSeconds(20);

    /// <summary>The time that a host must allow for stopping the controller, in addition to what the companions
    /// need.</summary>
    public static TimeSpan StopPeriod => FinalizersTimeout;

    /// <summary>Other work that runs while the lease is held, until its token is cancelled.</summary>
    public IReadOnlyList<Func<CancellationToken, Task>> Companions { get; init; } = [];

    /// <summary>Runs until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        health.SetReady(LeaseCondition, holds: false);
        try
        {
            // 1, 3
            LeaseOptions options = new() { Namespace = cluster.Namespace, Name = LeaseName, Identity = identity };
            LeaderLease lease = new(cluster.Client, options, time)
            {
                HolderObserved = () => health.SetReady(LeaseCondition, holds: true),
            };
            Task heartbeats = SendHeartbeatsAsync(cancellationToken);
            await lease.RunAsync(LeadAsync, ReportLeaseFailure, cancellationToken);
            await heartbeats;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // A cancelled run is not a failure.
        }
        finally
        {
            // 4
            await RemoveFinalizersAsync();
        }
    }

    /// <summary>No part of the work completes by itself: if one does, it has failed, and the others must not continue
    /// without it.</summary>
    private async Task LeadAsync(CancellationToken cancellationToken)
    {
        // 2
        logger.Leading(cluster.Namespace, identity);
        health.SetReady(SyncedCondition, holds: false);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        ResourceController[] controllers =
            [.. reconcilers.Select(r => new ResourceController(cluster, r, controllerOptions, metrics, time, logger))];
        try
        {
            List<Task> work = [.. controllers.Select(c => c.RunAsync(stop.Token))];
            work.AddRange(Companions.Select(async companion => await companion(stop.Token)));
            Task synced = ReportSyncedAsync(controllers, stop.Token);
            await Task.WhenAny(work);
            await stop.CancelAsync();
            await Task.WhenAll([.. work, synced]);
        }
        finally
        {
            health.SetReady(SyncedCondition, holds: true);
            foreach (ResourceController controller in controllers)
            {
                controller.Dispose();
            }
        }
    }

    private async Task ReportSyncedAsync(ResourceController[] controllers, CancellationToken cancellationToken)
    {
        await Task.WhenAll(controllers.Select(c => c.Synced)).WaitAsync(cancellationToken);
        health.SetReady(SyncedCondition, holds: true);
        logger.Synced(cluster.Namespace);
    }

    private async Task SendHeartbeatsAsync(CancellationToken cancellationToken)
    {
        using PeriodicTimer timer = new(HeartbeatPeriod, time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            health.Beat();
        }
    }

    private void ReportLeaseFailure(BackupException failure)
    {
        health.SetReady(LeaseCondition, holds: false);
        logger.LeaseTrouble(failure.Reason, failure.Message);
    }

    private async Task RemoveFinalizersAsync()
    {
        using CancellationTokenSource limit = new(FinalizersTimeout, time);
        try
        {
            await new FinalizerRelease(cluster).ExecuteAsync(limit.Token);
        }
        catch (Exception e) when (e is BackupException or OperationCanceledException)
        {
            logger.ReleaseFailed(cluster.Namespace, e.Message);
        }
    }
}
