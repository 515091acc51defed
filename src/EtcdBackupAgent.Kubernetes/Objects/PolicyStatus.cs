using System.Globalization;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Kubernetes.Objects;

/// <summary>
/// What a policy's status says of its backups: kubedr's fields and ours, as <c>docs/kubernetes.md</c>, "Status of a
/// policy", has them. Pure functions of the status there was and what happened.
/// </summary>
/// <remarks>
/// There are two parts, and each goes forward in time only, whoever writes it and however late, but a time that lies in
/// the future counts for nothing, so that one wrong clock does not silence all later runs: the last run
/// (<c>backupTime</c>, <c>backupStatus</c>, <c>backupErrorMessage</c>, <c>backupPod</c>, conditions
/// <c>BackupSucceeded</c> and <c>PodStarted</c>), and the last backup that succeeded (<c>lastSuccessTime</c>,
/// <c>snapshotId</c> and what belongs to it), which a run that fails leaves as it was.
/// </remarks>
internal static class PolicyStatus
{
    public const string LastSuccessTime = "lastSuccessTime";
    public const string EtcdClusterId = "etcdClusterId";
    public const string SnapshotId = "snapshotId";
    public const string FutureSnapshots = "futureSnapshots";
    public const string VerifiedTime = "verifiedTime";

    /// <summary>The state of a run whose pod has not started.</summary>
    public const string Pending = "Pending";

    /// <summary>The state of a run that is under way.</summary>
    public const string Initializing = "Initializing";

    public const string Failed = "Failed";

    private const string BackupTime = "backupTime";
    private const string BackupState = "backupStatus";
    private const string ErrorMessage = "backupErrorMessage";
    private const string Pod = "backupPod";
    private const string Generation = "observedGeneration";

    /// <summary>A run has begun.</summary>
    /// <param name="status">The policy's status.</param>
    /// <param name="pod">Who makes the backup.</param>
    /// <param name="generation">Of the policy.</param>
    /// <param name="now">When.</param>
    public static void SetBegun(JsonObject status, string pod, long generation, DateTimeOffset now)
    {
        if (SetRun(status, Initializing, pod, generation, now, now))
        {
            status.Remove(ErrorMessage);
        }
    }

    /// <summary>The pod of a run has not started. The part of the last run is about the newest run only; the
    /// condition is about any run that is kept from starting.</summary>
    public static void SetDelayed(
        JsonObject status, StartDelay delay, DelayedJob job, string hint, long generation, DateTimeOffset now)
    {
        if (SetRun(status, Pending, job.Pod ?? job.Name, generation, job.Begun, now))
        {
            status[ErrorMessage] = $"{delay.Message(job.Name)} {hint}";
        }

        StatusConditions.Set(
            status, StatusConditions.PodStarted, holds: false, delay.Reason, delay.Message(job.Name), generation, now);
    }

    /// <summary>The pod of a run that was delayed has started, or that of a later one has. The pod writes the rest
    /// itself.</summary>
    public static void SetStarted(JsonObject status, long generation, DateTimeOffset now)
    {
        if (ObjectMetadata.Find(status, BackupState) == Pending)
        {
            status[BackupState] = Initializing;
            status.Remove(ErrorMessage);
        }

        StatusConditions.Set(
            status,
            StatusConditions.PodStarted,
            holds: true,
            "Started",
            "The pod of the last backup has started.",
            generation,
            now);
    }

    /// <summary>A pod writes: if its Job was reported as not started, it has started by now.</summary>
    public static void SetSpoken(JsonObject status, string pod, long generation, DateTimeOffset now)
    {
        JsonObject item = new() { ["status"] = status.DeepClone() };
        if (StatusConditions.Fails(item, StatusConditions.PodStarted)
            && StartDelay.JobOf(StatusConditions.Message(item, StatusConditions.PodStarted)) is { } job
            && IsOf(pod, job))
        {
            SetStarted(status, generation, now);
        }
    }

    /// <summary>Whether the last run is this Job's, and in this state.</summary>
    public static bool IsLastRun(JsonObject status, string job, string state) =>
        ObjectMetadata.Find(status, BackupState) == state
        && ObjectMetadata.Find(status, Pod) is { } pod && IsOf(pod, job);

    /// <summary>A run has failed.</summary>
    /// <param name="status">The policy's status.</param>
    /// <param name="failure">Why.</param>
    /// <param name="pod">Who made the backup.</param>
    /// <param name="generation">Of the policy.</param>
    /// <param name="at">When it failed.</param>
    /// <param name="now">The time of the writer.</param>
    public static void SetFailed(
        JsonObject status, BackupException failure, string pod, long generation, DateTimeOffset at, DateTimeOffset now)
    {
        if (SetRun(status, Failed, pod, generation, at, now))
        {
            status[ErrorMessage] = failure.MessageWithHint;
            StatusConditions.Set(
                status,
                StatusConditions.BackupSucceeded,
                holds: false,
                $"{failure.Reason}",
                failure.Message,
                generation,
                at);
        }
    }

    /// <summary>A backup has succeeded; also for one that is learnt of later, from the store.</summary>
    /// <param name="status">The policy's status.</param>
    /// <param name="manifest">The snapshot.</param>
    /// <param name="pod">Who made it; null if that is not known.</param>
    /// <param name="generation">Of the policy.</param>
    /// <param name="now">The time of the writer.</param>
    public static void SetSucceeded(
        JsonObject status, SnapshotManifest manifest, string? pod, long generation, DateTimeOffset now)
    {
        DateTimeOffset at = manifest.CompletedAt;
        if (SetRun(status, "Completed", pod, generation, at, now))
        {
            status.Remove(ErrorMessage);
            StatusConditions.Set(
                status, StatusConditions.BackupSucceeded, holds: true, "Completed", SuccessText(manifest.Id), generation, at);
        }

        if (IsNotNewer(status, LastSuccessTime, at, now))
        {
            SetSnapshot(status, manifest);
        }
    }

    /// <summary>A deep verification has found a snapshot of the policy sound.</summary>
    public static void SetVerified(JsonObject status, VerificationRecord? verification, DateTimeOffset now)
    {
        if (verification is { Result: VerificationResult.Sound, CompletedAt: var at }
            && IsNotNewer(status, VerifiedTime, at, now))
        {
            status[VerifiedTime] = StatusTime.Text(at);
        }
    }

    /// <summary>Which snapshot is the newest, whatever the status says.</summary>
    public static void SetSnapshot(JsonObject status, SnapshotManifest manifest)
    {
        status["mbrName"] = ClusterNames.RecordOf(manifest.Id.Value);
        status[SnapshotId] = manifest.Id.Value;
        status["filesNew"] = (long)manifest.Artifacts.Count;
        status["filesChanged"] = 0L;
        status["dataAdded"] = manifest.StoredBytes;
        status["totalBytesProcessed"] = manifest.PlainBytes;
        status["totalDurationSecs"] = manifest.Duration.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture);
        status[LastSuccessTime] = StatusTime.Text(manifest.CompletedAt);
        status[EtcdClusterId] = $"{manifest.Etcd.ClusterId}";
    }

    /// <summary>How many snapshots of the policy are dated in the future; nothing stands there if none is.</summary>
    public static void SetFromFuture(JsonObject status, int count)
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

    /// <summary>Whether a status tells what became of the run of a Job, or of a later one. Times are whole seconds
    /// here, in which another run may have ended: of the same time, the pod must be that of the Job or of one that
    /// was made after it.</summary>
    /// <param name="status">The policy's status.</param>
    /// <param name="jobs">The names of the Job and of those after it.</param>
    /// <param name="begun">When the Job began.</param>
    /// <param name="ended">When it ended.</param>
    /// <param name="now">The time.</param>
    public static bool HasTold(
        JsonObject status,
        IReadOnlyCollection<string> jobs,
        DateTimeOffset begun,
        DateTimeOffset ended,
        DateTimeOffset now) =>
        StatusTime.FindPast(status, BackupTime, now) is { } known
        && (known > ended
            || (known >= StatusTime.Rounded(begun)
                && ObjectMetadata.Find(status, BackupState) is not (Initializing or Pending)
                && ObjectMetadata.Find(status, Pod) is { } pod
                && jobs.Any(job => IsOf(pod, job))));

    /// <summary>kubedr's words.</summary>
    public static string SuccessText(SnapshotId id) => $"Backup completed, snapshot ID: {id}";

    /// <summary>Whether a time in a status is absent, in the future, or not after another.</summary>
    public static bool IsNotNewer(JsonObject status, string field, DateTimeOffset time, DateTimeOffset now) =>
        StatusTime.FindPast(status, field, now) is not { } known || known <= StatusTime.Rounded(time);

    /// <summary>A pod is called after its Job; in place of one that was never there stands the Job.</summary>
    private static bool IsOf(string pod, string job) => pod == job || pod.StartsWith($"{job}-", StringComparison.Ordinal);

    /// <summary>False, and nothing is changed, if the status tells of a later run.</summary>
    private static bool SetRun(
        JsonObject status, string state, string? pod, long generation, DateTimeOffset at, DateTimeOffset now)
    {
        if (!IsNotNewer(status, BackupTime, at, now))
        {
            return false;
        }

        status[BackupTime] = StatusTime.Text(at);
        status[BackupState] = state;
        status[Generation] = generation;
        if (pod is null)
        {
            status.Remove(Pod);
        }
        else
        {
            status[Pod] = pod;
        }

        return true;
    }
}
