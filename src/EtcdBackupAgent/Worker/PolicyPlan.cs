using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Deadlines;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Scheduling;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Worker;

/// <summary>Updates the timetable when policies change, and starts backups that were missed or never made.</summary>
internal sealed class PolicyPlan(
    IPolicyRunner runner,
    ResourcesInUse resources,
    PolicyTimetable timetable,
    PolicyRuns runs,
    PolicyWorkerOptions options,
    IBackupMetrics metrics,
    TimeProvider timeProvider,
    ILogger logger)
{
    private readonly Dictionary<ResourceName, AppliedSchedule> _applied = [];
    private readonly Dictionary<ResourceName, HistoryRequest> _failedRequests = [];

    /// <summary>
    /// Applies the current policies. With <paramref name="startMissed"/>, a fire time since the last backup counts as
    /// missed because the agent was not running, and its backup starts now.
    /// </summary>
    /// <remarks>
    /// 1. Remove deleted policies from the timetable.
    /// 2. Add new and changed policies to it, before a repository is read: one that does not respond must not delay a
    ///    backup.
    /// 3. Read the last backup of each policy from its repository. It shows which runs were missed, and an interval is
    ///    counted from it.
    /// </remarks>
    public async Task ApplyAsync(bool startMissed, CancellationToken cancellationToken)
    {
        // 1
        IReadOnlyDictionary<ResourceName, BackupPolicy> policies = resources.Current.Policies;
        foreach (ResourceName deleted in _applied.Keys.Where(name => !policies.ContainsKey(name)).ToArray())
        {
            await timetable.RemoveAsync(deleted, cancellationToken);
            _applied.Remove(deleted);
            metrics.PolicyDeleted(deleted.Short);
            logger.PolicyRemoved(deleted);
        }

        // 2
        List<HistoryRequest> requests = [];
        foreach (BackupPolicy policy in policies.Values)
        {
            AppliedSchedule schedule = new(policy.Schedule, policy.Suspend, ScheduleInterval.OfChangeLog(policy));
            bool isKnown = _applied.TryGetValue(policy.Name, out AppliedSchedule? previous) && previous == schedule;
            if (!isKnown)
            {
                metrics.PolicySeen(
                    policy.Name.Short, ScheduleInterval.Longest(policy, timeProvider.GetUtcNow()), null, null, null);
                await ScheduleAsync(policy, timeProvider.GetUtcNow(), cancellationToken);
                _applied[policy.Name] = schedule;
            }

            if (!policy.Suspend && (!isKnown || policy.Schedule is null))
            {
                requests.Add(new HistoryRequest(policy.Name, startMissed, FailedAt: null));
            }
        }

        // 3
        await ReadHistoriesAsync(requests, cancellationToken);
    }

    /// <summary>Retries the repositories whose last backup could not be read, if the retry is due.</summary>
    public async Task RetryFailedAsync(CancellationToken cancellationToken)
    {
        await ReadHistoriesAsync([.. _failedRequests.Values.Where(IsDue)], cancellationToken);
    }

    private async Task ReadHistoriesAsync(
        IReadOnlyCollection<HistoryRequest> requests, CancellationToken cancellationToken)
    {
        bool[] succeeded = await Task.WhenAll(requests.Select(request => ReadHistoryAsync(request, cancellationToken)));
        foreach ((HistoryRequest request, bool isSuccess) in requests.Zip(succeeded))
        {
            _failedRequests.Remove(request.Policy);
            if (!isSuccess)
            {
                _failedRequests.Add(request.Policy, request with { FailedAt = timeProvider.GetTimestamp() });
            }
        }
    }

    /// <summary>Reads the last backup, and acts on it. Returns false if the repository cannot be read.</summary>
    private async Task<bool> ReadHistoryAsync(HistoryRequest request, CancellationToken cancellationToken)
    {
        ResourceSet current = resources.Current;
        if (!current.Policies.TryGetValue(request.Policy, out BackupPolicy? policy) || policy.Suspend)
        {
            return true;
        }

        DateTimeOffset? last;
        try
        {
            last = await LastBackupAsync(policy, current, cancellationToken);
        }
        catch (BackupException e)
        {
            logger.HistoryUnknown(policy.Name, e.Reason, e.Message, WorkerLog.HintOf(e), options.HistoryRetryPeriod);
            return false;
        }

        switch ((policy.Schedule, last))
        {
            case (null, null) when policy.ChangeLog is null:
                runs.Start(policy, current, BackupOccasion.Of(BackupReason.OnDemand));
                break;
            case ({ } schedule, { } start):
                DateTimeOffset due = QuartzSchedule.NextAfter(schedule, start, anchor: start);
                if (request.StartMissed && due <= timeProvider.GetUtcNow())
                {
                    logger.RunMissed(policy.Name, due);
                    runs.Start(policy, current, BackupOccasion.Of(BackupReason.Missed));
                }
                else if (schedule.Interval is not null)
                {
                    await ScheduleAsync(policy, anchor: start, cancellationToken);
                }

                break;
        }

        return true;
    }

    private async Task<DateTimeOffset?> LastBackupAsync(
        BackupPolicy policy, ResourceSet current, CancellationToken cancellationToken)
    {
        using Deadline deadline = new(options.HistoryTimeout, timeProvider, cancellationToken);
        try
        {
            return await runner.LastBackupAsync(policy, current, deadline.Token);
        }
        catch (Exception e) when (deadline.HasPassed)
        {
            throw new BackupException(
                FailureReason.StoreUnreachable,
                $"BackupLocation {policy.Destination} did not respond within {options.HistoryTimeout}.",
                e);
        }
        catch (Exception e) when (e is not BackupException && !cancellationToken.IsCancellationRequested)
        {
            throw new BackupException(FailureReason.Unexpected, $"{e.GetType().Name}: {e.Message}", e);
        }
    }

    private async Task ScheduleAsync(BackupPolicy policy, DateTimeOffset anchor, CancellationToken cancellationToken)
    {
        if (!policy.Suspend && policy.Schedule is { } schedule)
        {
            logger.PolicyScheduled(
                policy.Name, schedule, await timetable.ScheduleAsync(policy.Name, schedule, anchor, cancellationToken));
            return;
        }

        await timetable.RemoveAsync(policy.Name, cancellationToken);
        if (policy.Suspend)
        {
            logger.PolicySuspended(policy.Name);
        }
    }

    private bool IsDue(HistoryRequest request) =>
        request.FailedAt is not { } failed || timeProvider.GetElapsedTime(failed) >= options.HistoryRetryPeriod;

    /// <summary>The properties of a policy that determine its fire times, as they were last applied.</summary>
    private sealed record AppliedSchedule(BackupSchedule? Schedule, bool Suspend, TimeSpan? SnapshotEvery);

    /// <summary>A request for the time of the last backup of a policy.</summary>
    /// <param name="Policy">The policy.</param>
    /// <param name="StartMissed">Whether to start a backup that was missed.</param>
    /// <param name="FailedAt">When the last attempt failed, by <see cref="TimeProvider.GetTimestamp"/>.</param>
    private sealed record HistoryRequest(ResourceName Policy, bool StartMissed, long? FailedAt);
}
