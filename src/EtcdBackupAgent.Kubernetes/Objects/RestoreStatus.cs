using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Resources.Binding;

namespace EtcdBackupAgent.Kubernetes.Objects;

/// <summary>The status of a MetadataRestore: kubedr's fields and the agent's own, as documented in
/// <c>docs/kubernetes.md</c>. A restore that has completed or failed keeps this state.</summary>
/// <param name="status">The status, which the setters change.</param>
internal sealed class RestoreStatus(JsonObject status)
{
    private const string State = "restoreStatus";
    private const string Time = "restoreTime";
    private const string ErrorMessage = "restoreErrorMessage";
    private const string Snapshot = "snapshotId";
    private const string Progress = "progressPercent";
    private const string ObservedGeneration = "observedGeneration";
    private const string Revision = "restoredRevision";
    private const string Moment = "restoredMoment";
    private const string IsExact = "restoredExactly";
    private const string Certainty = "restoredCertainty";
    private const string Objects = "objects";

    /// <summary>The state of a restore that cannot start yet; a running restore has no state.</summary>
    private const string Pending = "Pending";

    private const string Completed = "Completed";
    private const string Failed = "Failed";

    /// <summary>The reason of a restore of objects that is done, but for some objects.</summary>
    private const string PartlyFailed = "PartlyFailed";

    public StatusConditions Conditions => new(status);

    public bool HasEnded => ObjectFields.Text(status, State) is Completed or Failed;

    /// <summary>The snapshot that is restored; null while it is not known.</summary>
    public string? SnapshotId => ObjectFields.Text(status, Snapshot);

    /// <param name="snapshotId">The snapshot; null while it is not known.</param>
    /// <param name="percent">The progress.</param>
    public void SetProgress(string? snapshotId, int percent)
    {
        if (snapshotId is not null)
        {
            status[Snapshot] = snapshotId;
        }

        status[Progress] = percent;
    }

    /// <summary>Reports that the restore is running: it has a Job, and no problem with the start of the pod is
    /// known.</summary>
    /// <param name="what">What is restored, as the beginning of a sentence.</param>
    /// <param name="generation">The generation of the restore.</param>
    /// <param name="now">The time.</param>
    public void SetRestoring(string what, long generation, DateTimeOffset now)
    {
        SetNotPending();
        Conditions.Set(
            StatusConditions.Ready,
            isTrue: false,
            "Restoring",
            $"{what} is being restored.",
            generation,
            now);
    }

    /// <summary>Reports that the restore has no Job yet.</summary>
    public void SetWaiting(string reason, string message, long generation, DateTimeOffset now)
    {
        status[State] = Pending;
        status[ErrorMessage] = message;
        Conditions.Set(StatusConditions.Ready, isTrue: false, reason, message, generation, now);
    }

    /// <summary>Reports that the restore has a Job whose pod has not started.</summary>
    public void SetDelayed(StartDelay delay, DelayedJob job, string hint, long generation, DateTimeOffset now)
    {
        string message = delay.Message(job.Name);
        SetWaiting(delay.Reason, message, generation, now);
        status[ErrorMessage] = $"{message} {hint}";
        Conditions.Set(StatusConditions.PodStarted, isTrue: false, delay.Reason, message, generation, now);
    }

    /// <summary>Reports that a delayed pod is running; a pod that writes the status has started.</summary>
    public void SetStarted(long generation, DateTimeOffset now)
    {
        if (Conditions.IsFalse(StatusConditions.PodStarted))
        {
            SetNotPending();
            Conditions.Set(
                StatusConditions.PodStarted,
                isTrue: true,
                "Started",
                "The pod of the restore has started.",
                generation,
                now);
        }
    }

    /// <param name="snapshotId">The snapshot; null if only the pod knew it.</param>
    /// <param name="point">The revision; null for the snapshot's own, or if only the pod knew it.</param>
    /// <param name="generation">The generation of the restore.</param>
    /// <param name="now">The time.</param>
    public void SetCompleted(string? snapshotId, RestoredPoint? point, long generation, DateTimeOffset now)
    {
        SetProgress(snapshotId, 100);
        SetEnd(Completed, generation, now);
        status.Remove(ErrorMessage);
        if (point is not null)
        {
            SetPoint(point);
        }

        string text = SuccessText(snapshotId, point);
        Conditions.Set(StatusConditions.Ready, isTrue: true, Completed, text, generation, now);
    }

    /// <summary>Reports a restore of objects that is done, perhaps but for some objects.</summary>
    /// <param name="restored">What was restored.</param>
    /// <param name="generation">The generation of the restore.</param>
    /// <param name="now">The time.</param>
    public void SetObjects(ObjectsResult restored, long generation, DateTimeOffset now)
    {
        SetProgress(restored.SnapshotId, 100);
        status[Objects] = restored.Objects.ToJson();
        if (restored.Point is { } point)
        {
            SetPoint(point);
        }

        bool isComplete = restored.Objects.IsComplete;
        SetEnd(isComplete ? Completed : Failed, generation, now);
        if (restored.Hint is { } hint)
        {
            status[ErrorMessage] = $"{restored.Text} {hint}";
        }
        else
        {
            status.Remove(ErrorMessage);
        }

        Conditions.Set(
            StatusConditions.Ready, isComplete, isComplete ? Completed : PartlyFailed, restored.Text, generation, now);
    }

    public void SetFailed(BackupException failure, long generation, DateTimeOffset now)
    {
        SetEnd(Failed, generation, now);
        status[ErrorMessage] = failure.MessageWithHint(SettingFields.NameOf);
        Conditions.Set(StatusConditions.Ready, isTrue: false, $"{failure.Reason}", failure.Message, generation, now);
    }

    /// <summary>kubedr's words, and the revision if it is not the snapshot's own.</summary>
    public static string SuccessText(string? snapshotId, RestoredPoint? point) =>
        "Restore"
        + (snapshotId is null ? "" : $" from snapshot {snapshotId}")
        + (point is null ? "" : $" to revision {point.Revision}")
        + " completed";

    private void SetPoint(RestoredPoint point)
    {
        status[Revision] = point.Revision;
        if (point.Moment is { } moment)
        {
            status[Moment] = StatusTime.Precise(moment.Time);
            status[IsExact] = moment.IsExact;
            status[Certainty] = moment.Certainty;
        }
    }

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
