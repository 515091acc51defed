using System.Globalization;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Resources.Binding;

namespace EtcdBackupAgent.Kubernetes.Objects;

/// <summary>The state of the last run of a policy, in kubedr's words.</summary>
internal enum PolicyRunState
{
    /// <summary>Its pod has not started.</summary>
    Pending,

    /// <summary>It is running.</summary>
    Initializing,

    Completed,

    Failed,
}

/// <summary>
/// The part of a policy's status about its backups: kubedr's fields and the agent's own, as documented in
/// <c>docs/kubernetes.md</c>, "Status of a policy". A new status depends only on the previous status and the event.
/// </summary>
/// <remarks>
/// There are two parts. Each only moves forward in time, whichever process writes it and however late. A time in the
/// future is ignored, so that one wrong clock does not hide all later runs. The parts are: the last run
/// (<c>backupTime</c>, <c>backupStatus</c>, <c>backupErrorMessage</c>, <c>backupPod</c>, conditions
/// <c>BackupSucceeded</c> and <c>PodStarted</c>), and the last backup that succeeded (<c>lastSuccessTime</c>,
/// <c>snapshotId</c> and what belongs to it), which a failed run does not change.
/// </remarks>
/// <param name="status">The status, which the setters change.</param>
internal sealed class PolicyStatus(JsonObject status)
{
    private const string RunTime = "backupTime";
    private const string RunState = "backupStatus";
    private const string ErrorMessage = "backupErrorMessage";
    private const string RunPod = "backupPod";
    private const string ObservedGeneration = "observedGeneration";

    private const string SuccessTime = "lastSuccessTime";
    private const string Record = "mbrName";
    private const string Snapshot = "snapshotId";
    private const string FilesNew = "filesNew";
    private const string FilesChanged = "filesChanged";
    private const string Stored = "dataAdded";
    private const string Plain = "totalBytesProcessed";
    private const string Seconds = "totalDurationSecs";
    private const string Cluster = "etcdClusterId";
    private const string FutureSnapshots = "futureSnapshots";
    private const string VerifiedTime = "verifiedTime";
    private const string Upgrade = "beforeUpgrade";
    private const string BackupNow = "lastBackupNow";
    private const string RestorableFrom = "restorableFrom";
    private const string RestorableTo = "restorableTo";

    public StatusConditions Conditions => new(status);

    /// <summary>When the last run began or ended; null if there was none.</summary>
    public DateTimeOffset? RunAt => ObjectFields.Time(status, RunTime);

    /// <summary>The state of the last run; null if there was no run, or if the state is not one of kubedr's.</summary>
    public PolicyRunState? State =>
        ObjectFields.Text(status, RunState) is { } text
        && Enum.TryParse(text, out PolicyRunState state) && $"{state}" == text
            ? state
            : null;

    /// <summary>Why the last run failed; null if it did not fail, or if the status has no reason.</summary>
    public FailureReason? LastFailureReason =>
        Enum.TryParse(Conditions.Reason(StatusConditions.BackupSucceeded), out FailureReason reason) ? reason : null;

    public DateTimeOffset? LastSuccessAt => ObjectFields.Time(status, SuccessTime);

    /// <summary>The snapshot of the last success; null if there was none.</summary>
    public string? SnapshotId => ObjectFields.Text(status, Snapshot);

    /// <summary>The etcd cluster of the last success; null if there was none.</summary>
    public EtcdId? EtcdClusterId =>
        ObjectFields.Text(status, Cluster) is { Length: > 0 } known && EtcdId.TryParse(known, out EtcdId cluster)
            ? cluster
            : null;

    /// <summary>The bytes of the last success as they were read; null if there was none.</summary>
    public long? PlainBytes => ObjectFields.Number(status, Plain);

    /// <summary>The bytes of the last success as stored; null if there was none.</summary>
    public long? StoredBytes => ObjectFields.Number(status, Stored);

    /// <summary>How long the last success took; null if there was none.</summary>
    public TimeSpan? Duration =>
        double.TryParse(
            ObjectFields.Text(status, Seconds), NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds)
            ? TimeSpan.FromSeconds(seconds)
            : null;

    /// <summary>The end of the newest deep verification that found a snapshot sound; null if there was none.</summary>
    public DateTimeOffset? VerifiedAt => ObjectFields.Time(status, VerifiedTime);

    /// <summary>Whether it names a time during which every second can be restored.</summary>
    public bool HasRestorable => status.ContainsKey(RestorableFrom) || status.ContainsKey(RestorableTo);

    /// <summary>The value of the annotation for which the last requested backup was made; null if there was
    /// none.</summary>
    public string? LastBackupNow => ObjectFields.Text(status, BackupNow);

    /// <summary>What is known of the watched field; null if none is watched, or it was not seen yet.</summary>
    public UpgradeState? BeforeUpgrade => UpgradeState.Of(ObjectFields.Object(status, Upgrade));

    /// <summary>Whether it has anything about a watched field.</summary>
    public bool HasUpgrade => status.ContainsKey(Upgrade) || Conditions.Has(StatusConditions.UpgradeWatched);

    /// <summary>Sets what is known of the watched field.</summary>
    public void SetUpgrade(UpgradeState state) => status[Upgrade] = state.ToJson();

    /// <summary>Removes what is known of a field that is no longer watched.</summary>
    public void RemoveUpgrade()
    {
        status.Remove(Upgrade);
        Conditions.Remove(StatusConditions.UpgradeWatched);
    }

    /// <summary>Sets whether the policy is valid and backed up as it specifies.</summary>
    public void SetReady(bool isReady, string reason, string message, long generation, DateTimeOffset now)
    {
        status[ObservedGeneration] = generation;
        Conditions.Set(StatusConditions.Ready, isReady, reason, message, generation, now);
    }

    /// <summary>Notes that a backup is made for this value of the annotation.</summary>
    public void SetBackupNow(string value) => status[BackupNow] = value;

    /// <summary>Reports that a run has begun.</summary>
    /// <param name="pod">The pod or machine that makes the backup.</param>
    /// <param name="generation">The generation of the policy.</param>
    /// <param name="now">When the run began.</param>
    public void SetBegun(string pod, long generation, DateTimeOffset now)
    {
        if (SetRun(PolicyRunState.Initializing, pod, generation, now, now))
        {
            status.Remove(ErrorMessage);
        }
    }

    /// <summary>Reports that the pod of a run has not started. The part about the last run covers only the newest run;
    /// the condition covers every run whose pod does not start.</summary>
    public void SetDelayed(StartDelay delay, DelayedJob job, string hint, long generation, DateTimeOffset now)
    {
        if (SetRun(PolicyRunState.Pending, job.Pod ?? job.Name, generation, job.Begun, now))
        {
            status[ErrorMessage] = $"{delay.Message(job.Name)} {hint}";
        }

        Conditions.Set(
            StatusConditions.PodStarted, isTrue: false, delay.Reason, delay.Message(job.Name), generation, now);
    }

    /// <summary>Reports that the pod of a delayed run, or of a later run, has started. The pod writes the rest
    /// itself.</summary>
    public void SetStarted(long generation, DateTimeOffset now)
    {
        if (State == PolicyRunState.Pending)
        {
            status[RunState] = $"{PolicyRunState.Initializing}";
            status.Remove(ErrorMessage);
        }

        Conditions.Set(
            StatusConditions.PodStarted,
            isTrue: true,
            "Started",
            "The pod of the last backup has started.",
            generation,
            now);
    }

    /// <summary>Notes that a pod writes the status: if its Job was reported as not started, it has started by
    /// now.</summary>
    public void SetStartedBy(string pod, long generation, DateTimeOffset now)
    {
        if (Conditions.IsFalse(StatusConditions.PodStarted)
            && StartDelay.JobOf(Conditions.Message(StatusConditions.PodStarted)) is { } job
            && IsPodOf(pod, job))
        {
            SetStarted(generation, now);
        }
    }

    /// <summary>Whether the last run belongs to this Job and is in this state.</summary>
    public bool IsLastRun(string job, PolicyRunState state) =>
        State == state
        && ObjectFields.Text(status, RunPod) is { } pod && IsPodOf(pod, job);

    /// <summary>Reports that a run has failed.</summary>
    /// <param name="failure">Why it failed.</param>
    /// <param name="pod">The pod or machine that made the backup.</param>
    /// <param name="generation">The generation of the policy.</param>
    /// <param name="at">When it failed.</param>
    /// <param name="now">The writer's current time.</param>
    public void SetFailed(BackupException failure, string pod, long generation, DateTimeOffset at, DateTimeOffset now)
    {
        if (SetRun(PolicyRunState.Failed, pod, generation, at, now))
        {
            status[ErrorMessage] = failure.MessageWithHint(SettingFields.NameOf);
            Conditions.Set(
                StatusConditions.BackupSucceeded,
                isTrue: false,
                $"{failure.Reason}",
                failure.Message,
                generation,
                at);
        }
    }

    /// <summary>Reports that a backup has succeeded; also used for a backup that is found later in the store.</summary>
    /// <param name="manifest">The snapshot.</param>
    /// <param name="pod">The pod or machine that made it; null if it is not known.</param>
    /// <param name="generation">The generation of the policy.</param>
    /// <param name="now">The writer's current time.</param>
    public void SetSucceeded(SnapshotManifest manifest, string? pod, long generation, DateTimeOffset now)
    {
        DateTimeOffset at = manifest.CompletedAt;
        if (SetRun(PolicyRunState.Completed, pod, generation, at, now))
        {
            status.Remove(ErrorMessage);
            Conditions.Set(
                StatusConditions.BackupSucceeded,
                isTrue: true,
                "Completed",
                SuccessText(manifest.Id),
                generation,
                at);
        }

        if (IsNotNewer(LastSuccessAt, at, now))
        {
            SetSnapshot(manifest);
        }
    }

    /// <summary>Reports that a deep verification has found a snapshot of the policy sound.</summary>
    public void SetVerified(VerificationRecord? verification, DateTimeOffset now)
    {
        if (verification is { Result: VerificationResult.Sound, CompletedAt: var at }
            && IsNotNewer(VerifiedAt, at, now))
        {
            status[VerifiedTime] = StatusTime.Text(at);
        }
    }

    /// <summary>Sets the newest snapshot, whatever the status contains.</summary>
    public void SetSnapshot(SnapshotManifest manifest)
    {
        status[Record] = ClusterNames.RecordOf(manifest.Id.Value);
        status[Snapshot] = manifest.Id.Value;
        status[FilesNew] = (long)manifest.Artifacts.Count;
        status[FilesChanged] = 0L;
        status[Stored] = manifest.StoredBytes;
        status[Plain] = manifest.PlainBytes;
        status[Seconds] = manifest.Duration.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture);
        status[SuccessTime] = StatusTime.Text(manifest.CompletedAt);
        status[Cluster] = $"{manifest.ClusterId}";
    }

    /// <summary>Sets how many snapshots of the policy are dated in the future; removes the field if there are
    /// none.</summary>
    public void SetFromFuture(int count)
    {
        if (count > 0)
        {
            status[FutureSnapshots] = (long)count;
        }
        else
        {
            status.Remove(FutureSnapshots);
        }
    }

    /// <summary>Sets from when to when every second can be restored.</summary>
    public void SetRestorable(DateTimeOffset from, DateTimeOffset to)
    {
        status[RestorableFrom] = StatusTime.Text(from);
        status[RestorableTo] = StatusTime.Text(to);
    }

    /// <summary>Reports that there is no such time.</summary>
    public void RemoveRestorable()
    {
        status.Remove(RestorableFrom);
        status.Remove(RestorableTo);
    }

    /// <summary>Whether the status reports the end of a Job's run, or of a later run. Times are whole seconds, and
    /// another run may have ended in the same second: if the times are equal, the pod must belong to the Job or to a
    /// Job that was created after it.</summary>
    /// <param name="jobs">The names of the Job and of the Jobs after it.</param>
    /// <param name="begun">When the Job began.</param>
    /// <param name="ended">When it ended.</param>
    /// <param name="now">The time.</param>
    public bool IsReported(
        IReadOnlyCollection<string> jobs,
        DateTimeOffset begun,
        DateTimeOffset ended,
        DateTimeOffset now) =>
        StatusTime.Past(RunAt, now) is { } known
        && (known > ended
            || (known >= StatusTime.Rounded(begun)
                && State is not (PolicyRunState.Initializing or PolicyRunState.Pending)
                && ObjectFields.Text(status, RunPod) is { } pod
                && jobs.Any(job => IsPodOf(pod, job))));

    /// <summary>kubedr's words.</summary>
    public static string SuccessText(SnapshotId id) => $"Backup completed, snapshot ID: {id}";

    /// <summary>Whether a time of the status is absent, in the future, or not after another.</summary>
    private static bool IsNotNewer(DateTimeOffset? read, DateTimeOffset time, DateTimeOffset now) =>
        StatusTime.Past(read, now) is not { } known || known <= StatusTime.Rounded(time);

    /// <summary>Whether a pod belongs to a Job. A pod's name begins with that of its Job; for a pod that never existed,
    /// the status has the Job's name.</summary>
    private static bool IsPodOf(string pod, string job) =>
        pod == job || pod.StartsWith($"{job}-", StringComparison.Ordinal);

    /// <summary>Sets the last run. If the status reports a later run, returns false and changes nothing.</summary>
    private bool SetRun(PolicyRunState state, string? pod, long generation, DateTimeOffset at, DateTimeOffset now)
    {
        if (!IsNotNewer(RunAt, at, now))
        {
            return false;
        }

        status[RunTime] = StatusTime.Text(at);
        status[RunState] = $"{state}";
        status[ObservedGeneration] = generation;
        if (pod is null)
        {
            status.Remove(RunPod);
        }
        else
        {
            status[RunPod] = pod;
        }

        return true;
    }
}
