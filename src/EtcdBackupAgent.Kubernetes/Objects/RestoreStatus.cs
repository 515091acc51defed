using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Kubernetes.Objects;

/// <summary>What the status of a MetadataRestore reports: kubedr's fields and ours, as <c>docs/kubernetes.md</c> has
/// them. A restore that has ended, well or not, stays so.</summary>
/// <param name="status">The status, which the setters change.</param>
internal sealed class RestoreStatus(JsonObject status)
{
    private const string State = "restoreStatus";
    private const string Time = "restoreTime";
    private const string ErrorMessage = "restoreErrorMessage";
    private const string Snapshot = "snapshotId";
    private const string Progress = "progressPercent";
    private const string ObservedGeneration = "observedGeneration";

    /// <summary>The state of a restore that cannot begin yet; one that goes on has none.</summary>
    private const string Pending = "Pending";

    private const string Completed = "Completed";
    private const string Failed = "Failed";

    public StatusConditions Conditions => new(status);

    public bool HasEnded => ObjectFields.Text(status, State) is Completed or Failed;

    /// <summary>The snapshot that is restored; null while that is not known.</summary>
    public string? SnapshotId => ObjectFields.Text(status, Snapshot);

    public void SetProgress(string snapshotId, int percent)
    {
        status[Snapshot] = snapshotId;
        status[Progress] = percent;
    }

    /// <summary>The restore goes on: it has a Job, and nothing is known to keep the pod.</summary>
    public void SetRestoring(string snapshotId, long generation, DateTimeOffset now)
    {
        SetNotPending();
        Conditions.Set(
            StatusConditions.Ready,
            holds: false,
            "Restoring",
            $"Snapshot {snapshotId} is being restored.",
            generation,
            now);
    }

    /// <summary>The restore has no Job yet.</summary>
    public void SetWaiting(string reason, string message, long generation, DateTimeOffset now)
    {
        status[State] = Pending;
        status[ErrorMessage] = message;
        Conditions.Set(StatusConditions.Ready, holds: false, reason, message, generation, now);
    }

    /// <summary>The restore has a Job, and its pod has not started.</summary>
    public void SetDelayed(StartDelay delay, DelayedJob job, string hint, long generation, DateTimeOffset now)
    {
        string message = delay.Message(job.Name);
        SetWaiting(delay.Reason, message, generation, now);
        status[ErrorMessage] = $"{message} {hint}";
        Conditions.Set(StatusConditions.PodStarted, holds: false, delay.Reason, message, generation, now);
    }

    /// <summary>A pod that was kept from starting runs: a pod that writes has started.</summary>
    public void SetStarted(long generation, DateTimeOffset now)
    {
        if (Conditions.Fails(StatusConditions.PodStarted))
        {
            SetNotPending();
            Conditions.Set(
                StatusConditions.PodStarted,
                holds: true,
                "Started",
                "The pod of the restore has started.",
                generation,
                now);
        }
    }

    public void SetCompleted(string snapshotId, long generation, DateTimeOffset now)
    {
        SetProgress(snapshotId, 100);
        SetEnd(Completed, generation, now);
        status.Remove(ErrorMessage);
        Conditions.Set(StatusConditions.Ready, holds: true, Completed, SuccessText(snapshotId), generation, now);
    }

    public void SetFailed(BackupException failure, long generation, DateTimeOffset now)
    {
        SetEnd(Failed, generation, now);
        status[ErrorMessage] = failure.MessageWithHint;
        Conditions.Set(StatusConditions.Ready, holds: false, $"{failure.Reason}", failure.Message, generation, now);
    }

    /// <summary>kubedr's words.</summary>
    public static string SuccessText(string snapshotId) => $"Restore from snapshot {snapshotId} completed";

    private void SetNotPending()
    {
        if (ObjectFields.Text(status, State) == Pending)
        {
            status.Remove(State);
            status.Remove(ErrorMessage);
        }
    }

    private void SetEnd(string state, long generation, DateTimeOffset now)
    {
        status[State] = state;
        status[Time] = StatusTime.Text(now);
        status[ObservedGeneration] = generation;
    }
}
