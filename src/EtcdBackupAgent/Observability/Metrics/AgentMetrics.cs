using System.Diagnostics.Metrics;
using EtcdBackupAgent.Core.Backups;

namespace EtcdBackupAgent.Observability.Metrics;

/// <summary>
/// All metrics of the agent, as one <see cref="Meter"/>: those of kubedr under kubedr's names, and the agent's own.
/// <c>docs/monitoring.md</c> describes each; a test compares it with this type.
/// </summary>
/// <remarks>
/// All metrics except the histograms are observed at each reading, so that the series of a policy end with the policy.
/// </remarks>
internal sealed class AgentMetrics : IBackupMetrics, IDisposable
{
    public const string MeterName = "EtcdBackupAgent";

    /// <summary>kubedr's label, on every metric of a policy.</summary>
    public const string PolicyLabel = "policyName";

    public const string LocationLabel = "location";
    public const string ReasonLabel = "reason";

    /// <summary>kubedr's buckets in seconds: seven up to half an hour, then one for each hour up to ten.</summary>
    public static readonly IReadOnlyList<double> DurationBuckets =
        [15, 30, 60, 300, 600, 900, 1800, .. Enumerable.Range(1, 10).Select(hours => 3600d * hours)];

    private const string Prefix = "etcd_backup_agent_";
    private const string Seconds = "s";
    private const string Bytes = "By";

    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly Histogram<double> _duration;
    private readonly SortedDictionary<string, PolicyMeasures> _policies = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, RepositoryMeasures> _repositories = new(StringComparer.Ordinal);

    /// <summary>
    /// Deleted policies. A backup of one can still start or complete, which must not create its series again; only
    /// <see cref="PolicySeen"/> does.
    /// </summary>
    private readonly HashSet<string> _deletedPolicies = new(StringComparer.Ordinal);

    public AgentMetrics(string version, TimeProvider time)
    {
        _time = time;
        Meter = new Meter(MeterName, version);

        // kubedr's
        AddGauge("kubedr_backup_size_bytes", Bytes, "Size of the newest backup before compression.", p => p.PlainBytes);
        AddCounter("kubedr_num_backups", "Backups that completed or failed.", p => p.Succeeded + p.Failed);
        AddCounter("kubedr_num_successful_backups", "Backups that succeeded.", p => p.Succeeded);
        AddCounter("kubedr_num_failed_backups", "Backups that failed.", p => p.Failed);
        _duration = Meter.CreateHistogram(
            "kubedr_backup_duration_seconds",
            Seconds,
            "How long backups took.",
            tags: null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = DurationBuckets });

        // the agent's own, of a policy
        AddSize("last_backup_stored_bytes", "Size of the newest backup in its repository.", p => p.StoredBytes);
        AddTime("last_success_timestamp_seconds", "When the newest good backup completed.", p => p.LastSuccess);
        AddTime("last_attempt_timestamp_seconds", "When the last backup completed or failed.", p => p.LastAttempt);
        AddFlag("last_attempt_succeeded", "Whether the last backup succeeded: 1 or 0.", p => p.HasLastAttemptSucceeded);
        AddTime("policy_seen_timestamp_seconds", "When the agent first saw the policy.", p => p.SeenAt);
        AddGauge(
            $"{Prefix}schedule_interval_seconds",
            Seconds,
            "The longest time between two backups of the schedule, or between two snapshots of the change log; absent "
            + "without both, and while suspended.",
            p => p.Interval?.TotalSeconds);
        AddTime("last_verification_timestamp_seconds", "When a snapshot was last verified deeply.", p => p.VerifiedAt);
        AddFlag(
            "last_verification_sound",
            "Whether the last verification found it sound: 1 or 0.",
            p => p.IsVerifiedSound);
        AddGauge($"{Prefix}backups_in_flight", null, "Backups under way.", p => p.InFlight);
        Meter.CreateObservableCounter(
            $"{Prefix}backup_failures_total", Failures, null, "Backups that failed, by reason.");

        // the agent's own, of a repository and of the agent
        Meter.CreateObservableGauge(
            $"{Prefix}repository_snapshots",
            () => Repositories(r => r.Snapshots),
            null,
            "Snapshots in the repository.");
        Meter.CreateObservableGauge(
            $"{Prefix}repository_stored_bytes",
            () => Repositories(r => r.StoredBytes),
            Bytes,
            "Size of the snapshots in the repository.");
        Meter.CreateObservableGauge(
            $"{Prefix}repository_future_snapshots",
            () => Repositories(r => r.FromFuture),
            null,
            "Snapshots in the repository that are dated in the future of the agent's clock.");
        Meter.CreateObservableGauge(
            $"{Prefix}repository_locked_until_timestamp_seconds",
            () => Repositories(r => r.LockedUntil?.ToUnixTimeSeconds()),
            Seconds,
            "The latest date until which a snapshot in the repository is locked.");
        Meter.CreateObservableGauge(
            $"{Prefix}build_info",
            () => new Measurement<long>(1, Label("version", version)),
            null,
            "The version of this build; always 1.");
        ChangeLogs = new ChangeLogMetrics(Meter, Prefix, time);
        Reconciles = new ReconcileMeasures(Meter, Prefix);
        ProcessMeasures.AddTo(Meter);
    }

    /// <summary>
    /// Called with the name of a deleted policy, for a reader that keeps its own series. It must return at once.
    /// </summary>
    public Action<string>? OnPolicyDeleted { get; set; }

    public Meter Meter { get; }

    /// <summary>The measures of the change logs that this process writes.</summary>
    public ChangeLogMetrics ChangeLogs { get; }

    /// <summary>The measures of a controller's reconciliations.</summary>
    public ReconcileMeasures Reconciles { get; }

    public void BackupStarted(string policyName)
    {
        lock (_lock)
        {
            if (!_deletedPolicies.Contains(policyName))
            {
                MeasuresOf(policyName).Started();
            }
        }
    }

    public void BackupFinished(BackupObservation observation)
    {
        lock (_lock)
        {
            if (_deletedPolicies.Contains(observation.PolicyName))
            {
                return;
            }

            MeasuresOf(observation.PolicyName).Finished(observation);
            _duration.Record(observation.Duration.TotalSeconds, Label(PolicyLabel, observation.PolicyName));
        }
    }

    public void PolicyDeleted(string policyName)
    {
        lock (_lock)
        {
            if (_policies.Remove(policyName))
            {
                _deletedPolicies.Add(policyName);
                OnPolicyDeleted?.Invoke(policyName);
            }
        }
    }

    public void RepositorySeen(
        string location, int snapshots, long storedBytes, int fromFuture, DateTimeOffset? lockedUntil)
    {
        lock (_lock)
        {
            _repositories[location] = new RepositoryMeasures(snapshots, storedBytes, fromFuture, lockedUntil);
        }
    }

    public void LocationDeleted(string location)
    {
        lock (_lock)
        {
            _repositories.Remove(location);
        }
    }

    public void PolicySeen(
        string policyName,
        TimeSpan? interval,
        DateTimeOffset? lastSuccess,
        DateTimeOffset? verifiedAt,
        bool? verifiedSound)
    {
        lock (_lock)
        {
            _deletedPolicies.Remove(policyName);
            PolicyMeasures policy = MeasuresOf(policyName);
            policy.Interval = interval;
            policy.RecordSuccess(lastSuccess);
            policy.RecordVerification(verifiedAt, verifiedSound);
        }
    }

    public void Dispose() => Meter.Dispose();

    private PolicyMeasures MeasuresOf(string policyName)
    {
        if (!_policies.TryGetValue(policyName, out PolicyMeasures? policy))
        {
            _policies.Add(policyName, policy = new PolicyMeasures(_time));
        }

        return policy;
    }

    private void AddCounter(string name, string help, Func<PolicyMeasures, long> value) =>
        Meter.CreateObservableCounter(name, () => Policies<long>(p => value(p)), null, help);

    private void AddTime(string name, string help, Func<PolicyMeasures, DateTimeOffset?> value) =>
        AddGauge($"{Prefix}{name}", Seconds, help, p => value(p)?.ToUnixTimeMilliseconds() / 1000d);

    private void AddSize(string name, string help, Func<PolicyMeasures, long?> value) =>
        AddGauge($"{Prefix}{name}", Bytes, help, p => value(p));

    private void AddFlag(string name, string help, Func<PolicyMeasures, bool?> value) =>
        AddGauge($"{Prefix}{name}", null, help, p => value(p) is { } known ? (known ? 1 : 0) : null);

    private void AddGauge(string name, string? unit, string help, Func<PolicyMeasures, double?> value) =>
        Meter.CreateObservableGauge(name, () => Policies(value), unit, help);

    private List<Measurement<T>> Policies<T>(Func<PolicyMeasures, T?> value)
        where T : struct
    {
        lock (_lock)
        {
            return
            [
                .. _policies.Select(p => (p.Key, Value: value(p.Value)))
                    .Where(p => p.Value is not null)
                    .Select(p => new Measurement<T>(p.Value.GetValueOrDefault(), Label(PolicyLabel, p.Key))),
            ];
        }
    }

    private List<Measurement<long>> Failures()
    {
        lock (_lock)
        {
            return
            [
                .. _policies.SelectMany(policy => policy.Value.Failures.Select(failures => new Measurement<long>(
                    failures.Value, Label(PolicyLabel, policy.Key), Label(ReasonLabel, failures.Key)))),
            ];
        }
    }

    private List<Measurement<long>> Repositories(Func<RepositoryMeasures, long?> value)
    {
        lock (_lock)
        {
            return
            [
                .. _repositories.Select(r => (r.Key, Value: value(r.Value)))
                    .Where(r => r.Value is not null)
                    .Select(r => new Measurement<long>(r.Value.GetValueOrDefault(), Label(LocationLabel, r.Key))),
            ];
        }
    }

    private static KeyValuePair<string, object?> Label(string name, string value) => new(name, value);

    private sealed record RepositoryMeasures(
        int Snapshots, long StoredBytes, int FromFuture, DateTimeOffset? LockedUntil);
}
