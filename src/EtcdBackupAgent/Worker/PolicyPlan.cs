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
    private readonly Dictionary<ResourceName, Placement> _placed = [];
    private readonly Dictionary<ResourceName, Question> _askAgain = [];

    /// <summary>
    /// Applies the current policies. With <paramref name="makeUpMissed"/>, a fire time since the last backup counts as
    /// missed because the agent was not running, and its backup starts now.
    /// </summary>
    /// <remarks>
    /// 1. Remove deleted policies from the timetable.
    /// 2. Add new and changed policies to it, before a repository is read: one that does not respond must not delay a
    ///    backup.
    /// 3. Read the last backup of each policy from its repository. It shows which runs were missed, and an interval is
    ///    counted from it.
    /// </remarks>
    public async Task FollowAsync(bool makeUpMissed, CancellationToken cancellationToken)
    {
        // 1
        IReadOnlyDictionary<ResourceName, BackupPolicy> policies = resources.Current.Policies;
        foreach (ResourceName gone in _placed.Keys.Where(name => !policies.ContainsKey(name)).ToArray())
        {
            await timetable.RemoveAsync(gone, cancellationToken);
            _placed.Remove(gone);
            metrics.PolicyGone(gone.Short);
            logger.PolicyRemoved(gone);
        }

        // 2
        List<Question> questions = [];
        foreach (BackupPolicy policy in policies.Values)
        {
            Placement placement = new(policy.Schedule, policy.Suspend);
            bool known = _placed.TryGetValue(policy.Name, out Placement? before) && before == placement;
            if (!known)
            {
                metrics.PolicySeen(
                    policy.Name.Short, ScheduleInterval.Longest(policy, timeProvider.GetUtcNow()), null, null, null);
                await PlaceAsync(policy, timeProvider.GetUtcNow(), cancellationToken);
                _placed[policy.Name] = placement;
            }

            if (!policy.Suspend && (!known || policy.Schedule is null))
            {
                questions.Add(new Question(policy.Name, makeUpMissed, FailedAt: null));
            }
        }

        // 3
        await AskAsync(questions, cancellationToken);
    }

    /// <summary>Retries the repositories whose last backup could not be read, if the retry is due.</summary>
    public async Task AskAgainAsync(CancellationToken cancellationToken)
    {
        await AskAsync([.. _askAgain.Values.Where(IsDue)], cancellationToken);
    }

    private async Task AskAsync(IReadOnlyCollection<Question> questions, CancellationToken cancellationToken)
    {
        bool[] answered = await Task.WhenAll(questions.Select(question => AskAsync(question, cancellationToken)));
        foreach ((Question question, bool isAnswered) in questions.Zip(answered))
        {
            _askAgain.Remove(question.Policy);
            if (!isAnswered)
            {
                _askAgain.Add(question.Policy, question with { FailedAt = timeProvider.GetTimestamp() });
            }
        }
    }

    /// <summary>Reads the last backup, and acts on it. Returns false if the repository cannot be read.</summary>
    private async Task<bool> AskAsync(Question question, CancellationToken cancellationToken)
    {
        ResourceSet current = resources.Current;
        if (!current.Policies.TryGetValue(question.Policy, out BackupPolicy? policy) || policy.Suspend)
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
            case (null, null):
                runs.Start(policy, current, BackupReason.OnDemand);
                break;
            case ({ } schedule, { } start):
                DateTimeOffset due = QuartzSchedule.NextAfter(schedule, start, anchor: start);
                if (question.MakeUpMissed && due <= timeProvider.GetUtcNow())
                {
                    logger.RunMissed(policy.Name, due);
                    runs.Start(policy, current, BackupReason.Missed);
                }
                else if (schedule.Interval is not null)
                {
                    await PlaceAsync(policy, anchor: start, cancellationToken);
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

    private async Task PlaceAsync(BackupPolicy policy, DateTimeOffset anchor, CancellationToken cancellationToken)
    {
        if (!policy.Suspend && policy.Schedule is { } schedule)
        {
            logger.PolicyPlaced(
                policy.Name, schedule, await timetable.PlaceAsync(policy.Name, schedule, anchor, cancellationToken));
            return;
        }

        await timetable.RemoveAsync(policy.Name, cancellationToken);
        if (policy.Suspend)
        {
            logger.PolicySuspended(policy.Name);
        }
    }

    private bool IsDue(Question question) =>
        question.FailedAt is not { } failed || timeProvider.GetElapsedTime(failed) >= options.HistoryRetryPeriod;

    /// <summary>The properties of a policy that determine its place on the timetable.</summary>
    private sealed record Placement(BackupSchedule? Schedule, bool Suspend);

    /// <summary>A request for the time of the last backup of a policy.</summary>
    /// <param name="Policy">The policy.</param>
    /// <param name="MakeUpMissed">Whether to start a backup that was missed.</param>
    /// <param name="FailedAt">When the last attempt failed, by <see cref="TimeProvider.GetTimestamp"/>.</param>
    private sealed record Question(ResourceName Policy, bool MakeUpMissed, long? FailedAt);
}
