using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Scheduling;

/// <summary>
/// Backs up every policy of a resource store on its schedule, until it is asked to stop. See <c>docs/policies.md</c>,
/// "Running". The host must allow <see cref="PolicyWorkerOptions.StopPeriod"/> for its shutdown.
/// </summary>
/// <remarks>
/// 1. Read the resources; any error in them fails the start, with all problems named.
/// 2. Put the policies on the timetable; make up what was missed.
/// 3. Look again every period, and follow the changes.
/// 4. When asked to stop: nothing is due any more, runs under way get the grace period, then they are cancelled and
///    awaited.
/// </remarks>
public sealed class PolicyWorker(
    IResourceStore store,
    IPolicyRunner runner,
    PolicyWorkerOptions options,
    TimeProvider timeProvider,
    ILoggerFactory loggers) : BackgroundService
{
    private readonly ILogger _logger = loggers.CreateLogger<PolicyWorker>();
    private ResourcesInUse? _resources;

    /// <summary>Returns once the resources have been read and found right; the work goes on after that.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/> with every problem of the
    /// resources.</exception>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        // 1
        _resources = await ResourcesInUse.LoadAsync(store, _logger, cancellationToken);
        _logger.WorkerStarted(_resources.Current.Policies.Count, store.Address);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        ResourcesInUse resources = _resources ?? throw new InvalidOperationException("StartAsync comes first.");
        using PolicyRuns runs = new(runner, options, timeProvider, _logger);
        try
        {
            await FollowAsync(resources, runs, stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Asked to stop: not a failure.
        }
        finally
        {
            // 4
            await runs.StopAsync();
            _logger.WorkerStopped();
        }
    }

    private async Task FollowAsync(ResourcesInUse resources, PolicyRuns runs, CancellationToken stoppingToken)
    {
        await using PolicyTimetable timetable = await PolicyTimetable.StartAsync(
            name => StartDue(name, resources.Current, runs), timeProvider, loggers, stoppingToken);
        PolicyPlan plan = new(runner, resources, timetable, runs, options, timeProvider, _logger);

        // 2
        using PeriodicTimer period = new(options.ReloadPeriod, timeProvider);
        await plan.FollowAsync(makeUpMissed: true, stoppingToken);

        // 3
        while (await period.WaitForNextTickAsync(stoppingToken))
        {
            if (await resources.PollAsync(stoppingToken))
            {
                await plan.FollowAsync(makeUpMissed: false, stoppingToken);
            }

            await plan.AskAgainAsync(stoppingToken);
        }
    }

    private static void StartDue(ResourceName name, ResourceSet current, PolicyRuns runs)
    {
        if (current.Policies.TryGetValue(name, out BackupPolicy? policy) && !policy.Suspend)
        {
            runs.Start(policy, current, BackupReason.Schedule);
        }
    }
}
