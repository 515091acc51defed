using System.Collections.Concurrent;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Kubernetes.Controllers;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Scheduling;

namespace EtcdBackupAgent.Worker;

/// <summary>
/// The policies as the controller sees them: it measures the backups that pods made, and tracks the policies whose
/// backups the worker of this process makes.
/// </summary>
/// <remarks>
/// A backup is counted when a policy's status first shows that it has ended. The previous process has counted the
/// backups that ended before this one started.
/// </remarks>
internal sealed class ClusterPolicies(IBackupMetrics metrics, Func<BackupPolicy, bool> isInProcess, TimeProvider time)
    : IPolicyObserver
{
    private readonly DateTimeOffset _startedAt = time.GetUtcNow();
    private readonly ConcurrentDictionary<string, string> _reportedRuns = new(StringComparer.Ordinal);

    /// <summary>Uid and generation of the policies whose backups this process makes, by name.</summary>
    private readonly ConcurrentDictionary<string, string> _inProcess = new(StringComparer.Ordinal);

    /// <summary>The uid of each policy: a new object of the same name starts with new measures.</summary>
    private readonly ConcurrentDictionary<string, string> _uids = new(StringComparer.Ordinal);

    /// <summary>The interval of each schedule, which is expensive to compute.</summary>
    private readonly ConcurrentDictionary<
        string,
        (BackupSchedule? Schedule, bool Suspend, TimeSpan? SnapshotEvery, TimeSpan? Interval)
    > _intervals = new(StringComparer.Ordinal);

    /// <summary>Called when a policy whose backups this process makes is added, changed or removed.</summary>
    public Action InProcessChanged { get; set; } = static () => { };

    /// <summary>The names of the policies whose backups this process makes.</summary>
    public IReadOnlySet<string> InProcess => _inProcess.Keys.ToHashSet(StringComparer.Ordinal);

    public void Seen(PolicyObject item, BackupPolicy? policy)
    {
        string name = item.Name;
        string uid = item.Uid;
        if (_uids.TryGetValue(name, out string? previous) && previous != uid && !_inProcess.ContainsKey(name))
        {
            Gone(name);
        }

        _uids[name] = uid;
        if (policy is not null)
        {
            if (isInProcess(policy))
            {
                // The worker measures its own backups itself.
                AddInProcess(name, item);
                return;
            }

            RemoveInProcess(name);
        }

        PolicyStatus status = item.Status;
        DateTimeOffset? verified = status.VerifiedAt;
        metrics.PolicySeen(
            name,
            policy is null ? null : IntervalOf(name, policy),
            status.LastSuccessAt,
            verified,
            verified is null ? null : true);
        Count(name, status);
    }

    /// <summary>
    /// Ends the series of all policies, until they are seen again: another process is the controller now.
    /// </summary>
    public void RemoveAll()
    {
        IEnumerable<string> names = _reportedRuns.Keys.Concat(_intervals.Keys).Concat(_inProcess.Keys);
        foreach (string name in names.Distinct(StringComparer.Ordinal))
        {
            Gone(name);
        }
    }

    public void Gone(string name)
    {
        _uids.TryRemove(name, out _);
        _intervals.TryRemove(name, out _);
        RemoveInProcess(name);
        _reportedRuns.TryRemove(name, out _);
        metrics.PolicyDeleted(name);
    }

    /// <summary>
    /// Adds a policy to those of this process. A new policy waits until its location is ready, since its first backup
    /// would fail. Once added, it stays even if the location is no longer ready: its failing backups must be reported.
    /// </summary>
    private void AddInProcess(string name, PolicyObject item)
    {
        string version = $"{item.Uid} {item.Generation}";
        bool isKnown = _inProcess.TryGetValue(name, out string? known);
        if (known == version || (!isKnown && !item.Status.Conditions.IsTrue(StatusConditions.Ready)))
        {
            return;
        }

        _inProcess[name] = version;
        InProcessChanged();
    }

    private void RemoveInProcess(string name)
    {
        if (_inProcess.TryRemove(name, out _))
        {
            InProcessChanged();
        }
    }

    private TimeSpan? IntervalOf(string name, BackupPolicy policy)
    {
        TimeSpan? snapshotEvery = ScheduleInterval.OfChangeLog(policy);
        if (!_intervals.TryGetValue(
                name, out (BackupSchedule? Schedule, bool Suspend, TimeSpan? SnapshotEvery, TimeSpan? Interval) known)
            || (known.Schedule, known.Suspend, known.SnapshotEvery) != (policy.Schedule, policy.Suspend, snapshotEvery))
        {
            known = (
                policy.Schedule,
                policy.Suspend,
                snapshotEvery,
                ScheduleInterval.Longest(policy, time.GetUtcNow()));
            _intervals[name] = known;
        }

        return known.Interval;
    }

    private void Count(string name, PolicyStatus status)
    {
        if (status is not { RunAt: { } at, State: { } state } || state == PolicyRunState.Pending)
        {
            // A run whose pod has not started does not count yet.
            return;
        }

        string run = $"{at:O} {state}";
        bool isFirst = !_reportedRuns.TryGetValue(name, out string? previous);
        if (previous == run)
        {
            return;
        }

        bool wasUnderWay = previous?.EndsWith($"{PolicyRunState.Initializing}", StringComparison.Ordinal) == true;
        // The clocks of the pods may lag: a change that this process observes has just happened, whatever its date.
        _reportedRuns[name] = run;
        if (isFirst && at < StatusTime.Rounded(_startedAt))
        {
            return;
        }

        if (state == PolicyRunState.Initializing)
        {
            if (!wasUnderWay)
            {
                // Both the controller and the pod can publish the start of a run.
                metrics.BackupStarted(name);
            }

            return;
        }

        bool succeeded = state == PolicyRunState.Completed;
        metrics.BackupFinished(new BackupObservation
        {
            PolicyName = name,
            Succeeded = succeeded,
            Reason = succeeded ? null : status.LastFailureReason,
            FinishedAt = at,
            Duration = succeeded ? status.Duration ?? TimeSpan.Zero : TimeSpan.Zero,
            PlainBytes = succeeded ? status.PlainBytes : null,
            StoredBytes = succeeded ? status.StoredBytes : null,
        });
    }
}
