using EtcdBackupAgent.Core.Archiving;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Health;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Scheduling;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Worker;

/// <summary>
/// Backs up every policy of a resource store on its schedule, until it is stopped. See <c>docs/policies.md</c>,
/// "Running". The host must allow <see cref="PolicyWorkerOptions.StopPeriod"/> for its shutdown.
/// </summary>
/// <remarks>
/// 1. Read the resources. Any error in them fails the start, with a message that lists all problems.
/// 2. Start to write the change logs. Add the policies to the timetable, and start the backups that were missed.
/// 3. Read the resources again every period and whenever the worker is woken, and apply the changes.
/// 4. When the worker is stopped: no run starts any more; runs under way get the grace period, then they are cancelled
///    and awaited. Meanwhile the change logs store what they have read.
/// </remarks>
public sealed class PolicyWorker(
    IResourceStore store,
    IPolicyRunner runner,
    PolicyWorkerOptions options,
    IBackupMetrics metrics,
    IArchiveMetrics archiveMetrics,
    IAgentHealth health,
    TimeProvider timeProvider,
    ILoggerFactory loggers) : BackgroundService
{
    /// <summary>Whether the resources could be read.</summary>
    private const string ResourcesCondition = "resources";

    /// <summary>Whether every policy has its place on the timetable.</summary>
    private const string TimetableCondition = "timetable";

    private readonly ILogger _logger = loggers.CreateLogger<PolicyWorker>();
    private ResourcesInUse? _resources;
    private volatile PolicyRuns? _runs;
    private volatile TaskCompletionSource _woken = NewSignal();

    /// <summary>Returns when the resources have been read and are valid. The work continues after that.</summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/> with every problem of the resources.
    /// </exception>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        // 1
        health.SetReady(ResourcesCondition, holds: false);
        health.SetReady(TimetableCondition, holds: false);
        _resources = await ResourcesInUse.LoadAsync(
            store, options.RefusesInvalidAtStart, _logger, cancellationToken);
        health.SetReady(ResourcesCondition, holds: true);
        _logger.WorkerStarted(_resources.Current.Policies.Count, store.Address);
        await base.StartAsync(cancellationToken);
    }

    /// <summary>Backs up a policy now, in addition to its schedule.</summary>
    /// <param name="name">The policy.</param>
    /// <param name="occasion">Why the backup is made.</param>
    /// <returns>
    /// False if the policy does not exist (any more); also if the backup is for a restore point and another backup of
    /// the policy is running, which was begun too early.
    /// </returns>
    public bool BackUpNow(ResourceName name, BackupOccasion occasion)
    {
        if (_runs is not { } runs || _resources?.Current is not { } current
            || !current.Policies.TryGetValue(name, out BackupPolicy? policy))
        {
            return false;
        }

        if (occasion.RestorePoint is null)
        {
            runs.Start(policy, current, occasion);
            return true;
        }

        return !runs.IsUnderWay(name) && runs.Start(policy, current, occasion);
    }

    /// <summary>Makes the worker read the resources at once, because a complete change of them is known.</summary>
    public void Wake() => _woken.TrySetResult();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        ResourcesInUse resources = _resources ?? throw new InvalidOperationException("StartAsync comes first.");
        using PolicyRuns runs = new(runner, options, timeProvider, _logger);
        PolicyArchives archives = new(runner, runs, options, archiveMetrics, timeProvider, _logger);
        _runs = runs;
        try
        {
            await RunLoopAsync(resources, runs, archives, stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The worker is stopping; this is not a failure.
        }
        finally
        {
            // 4
            _runs = null;
            await Task.WhenAll(archives.StopAsync(), runs.StopAsync());
            _logger.WorkerStopped();
        }
    }

    private async Task RunLoopAsync(
        ResourcesInUse resources, PolicyRuns runs, PolicyArchives archives, CancellationToken stoppingToken)
    {
        await using PolicyTimetable timetable = await PolicyTimetable.StartAsync(
            name => StartDue(name, resources.Current, runs), timeProvider, loggers, stoppingToken);
        PolicyPlan plan = new(runner, resources, timetable, runs, options, metrics, timeProvider, _logger);

        // 2
        archives.Apply(resources.Current);
        using PeriodicTimer period = new(options.ReloadPeriod, timeProvider);
        await plan.ApplyAsync(startMissed: true, stoppingToken);
        health.SetReady(TimetableCondition, holds: true);

        // 3
        Task<bool> tick = period.WaitForNextTickAsync(stoppingToken).AsTask();
        while (true)
        {
            bool isWoken = await Task.WhenAny(tick, _woken.Task) != tick;
            if (isWoken)
            {
                _woken = NewSignal();
            }
            else
            {
                await tick;
                tick = period.WaitForNextTickAsync(stoppingToken).AsTask();
            }

            health.Beat();
            bool changed = await resources.PollAsync(isWoken, stoppingToken);
            health.SetReady(ResourcesCondition, resources.AreReadable);
            if (changed)
            {
                archives.Apply(resources.Current);
                await plan.ApplyAsync(startMissed: false, stoppingToken);
            }

            await plan.RetryFailedAsync(stoppingToken);
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static void StartDue(ResourceName name, ResourceSet current, PolicyRuns runs)
    {
        if (current.Policies.TryGetValue(name, out BackupPolicy? policy) && !policy.Suspend)
        {
            runs.Start(policy, current, BackupOccasion.Scheduled);
        }
    }
}
