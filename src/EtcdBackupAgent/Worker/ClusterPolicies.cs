using System.Collections.Concurrent;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Kubernetes.Controllers;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Scheduling;

namespace EtcdBackupAgent.Worker;

/// <summary>What the controller knows of the policies: it measures what became of their backups, which pods made, and tells the worker
/// which of them are its own.</summary>
/// <remarks>A backup is counted when a policy's status first tells of its end. What ended before this process began was counted by the
/// one before it.</remarks>
internal sealed class ClusterPolicies(IBackupMetrics metrics, Func<BackupPolicy, bool> isInProcess, TimeProvider time) : IPolicyObserver
{
    private readonly DateTimeOffset _begun = time.GetUtcNow();
    private readonly ConcurrentDictionary<string, string> _told = new(StringComparer.Ordinal);

    /// <summary>Uid and generation of the policies whose backups this process makes, by name.</summary>
    private readonly ConcurrentDictionary<string, string> _inProcess = new(StringComparer.Ordinal);

    /// <summary>Which object each policy is: another one of the same name begins anew.</summary>
    private readonly ConcurrentDictionary<string, string> _uids = new(StringComparer.Ordinal);

    /// <summary>The interval of each schedule, which takes a while to find out.</summary>
    private readonly ConcurrentDictionary<string, (BackupSchedule? Schedule, bool Suspend, TimeSpan? Interval)> _intervals =
        new(StringComparer.Ordinal);

    /// <summary>Called when one of the policies whose backups this process makes is new, changed or gone.</summary>
    public Action InProcessChanged { get; set; } = static () => { };

    /// <summary>Names of the policies whose backups this process makes.</summary>
    public IReadOnlySet<string> InProcess => _inProcess.Keys.ToHashSet(StringComparer.Ordinal);

    public void Seen(PolicyObject item, BackupPolicy? policy)
    {
        string name = item.Name;
        string uid = item.Uid;
        if (_uids.TryGetValue(name, out string? before) && before != uid && !_inProcess.ContainsKey(name))
        {
            Gone(name);
        }

        _uids[name] = uid;
        if (policy is not null)
        {
            if (isInProcess(policy))
            {
                // The worker measures its own backups itself.
                TakeUp(name, item);
                return;
            }

            Leave(name);
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

    /// <summary>Says nothing more of any policy, until it is seen again: another process watches over them now.</summary>
    public void Forget()
    {
        foreach (string name in _told.Keys.Concat(_intervals.Keys).Concat(_inProcess.Keys).Distinct(StringComparer.Ordinal))
        {
            Gone(name);
        }
    }

    public void Gone(string name)
    {
        _uids.TryRemove(name, out _);
        _intervals.TryRemove(name, out _);
        Leave(name);
        _told.TryRemove(name, out _);
        metrics.PolicyGone(name);
    }

    /// <summary>A new policy is left alone until its location can be used, or its first backup would fail. One that was
    /// taken up stays, whatever becomes of the location: that its backups fail then is to be reported.</summary>
    private void TakeUp(string name, PolicyObject item)
    {
        string version = $"{item.Uid} {item.Generation}";
        bool isKnown = _inProcess.TryGetValue(name, out string? known);
        if (known == version || (!isKnown && !item.Status.Conditions.Holds(StatusConditions.Ready)))
        {
            return;
        }

        _inProcess[name] = version;
        InProcessChanged();
    }

    private void Leave(string name)
    {
        if (_inProcess.TryRemove(name, out _))
        {
            InProcessChanged();
        }
    }

    private TimeSpan? IntervalOf(string name, BackupPolicy policy)
    {
        if (!_intervals.TryGetValue(name, out (BackupSchedule? Schedule, bool Suspend, TimeSpan? Interval) known)
            || known.Schedule != policy.Schedule || known.Suspend != policy.Suspend)
        {
            known = (policy.Schedule, policy.Suspend, ScheduleInterval.Longest(policy, time.GetUtcNow()));
            _intervals[name] = known;
        }

        return known.Interval;
    }

    private void Count(string name, PolicyStatus status)
    {
        if (status is not { RunAt: { } at, State: { } state } || state == PolicyRunState.Pending)
        {
            // A run whose pod has not started is none yet.
            return;
        }

        string run = $"{at:O} {state}";
        bool isFirst = !_told.TryGetValue(name, out string? before);
        if (before == run)
        {
            return;
        }

        bool wasUnderWay = before?.EndsWith($"{PolicyRunState.Initializing}", StringComparison.Ordinal) == true;
        // The clocks of the pods may lag: what changes while this process watches has happened meanwhile, whatever its
        // date.
        _told[name] = run;
        if (isFirst && at < StatusTime.Rounded(_begun))
        {
            return;
        }

        if (state == PolicyRunState.Initializing)
        {
            if (!wasUnderWay)
            {
                // The controller may say so first, and then the pod.
                metrics.BackupStarted(name);
            }

            return;
        }

        bool succeeded = state == PolicyRunState.Completed;
        metrics.BackupFinished(new BackupObservation
        {
            PolicyName = name,
            Succeeded = succeeded,
            Reason = succeeded ? null : status.FailedFor,
            FinishedAt = at,
            Duration = succeeded ? status.Duration ?? TimeSpan.Zero : TimeSpan.Zero,
            PlainBytes = succeeded ? status.PlainBytes : null,
            StoredBytes = succeeded ? status.StoredBytes : null,
        });
    }
}
