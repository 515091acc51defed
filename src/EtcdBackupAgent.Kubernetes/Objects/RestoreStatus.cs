using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Kubernetes.Objects;

/// <summary>What the status of a MetadataRestore says: kubedr's fields and ours, as <c>docs/kubernetes.md</c> has them. A restore that
/// has ended, well or not, stays so.</summary>
internal static class RestoreStatus
{
    private const string State = "restoreStatus";
    private const string ErrorMessage = "restoreErrorMessage";

    /// <summary>The state of a restore that cannot begin yet; one that goes on has none.</summary>
    private const string Pending = "Pending";

    public static bool HasEnded(JsonObject restore) =>
        ObjectMetadata.Find(restore, "status", State) is "Completed" or "Failed";

    public static void SetProgress(JsonObject status, string snapshotId, int percent)
    {
        status["snapshotId"] = snapshotId;
        status["progressPercent"] = percent;
    }

    /// <summary>The restore goes on: it has a Job, and nothing is known to keep the pod.</summary>
    public static void SetRestoring(JsonObject status, string snapshotId, long generation, DateTimeOffset now)
    {
        SetNotPending(status);
        StatusConditions.Set(
            status,
            StatusConditions.Ready,
            holds: false,
            "Restoring",
            $"Snapshot {snapshotId} is being restored.",
            generation,
            now);
    }

    /// <summary>The restore has no Job yet.</summary>
    public static void SetWaiting(JsonObject status, string reason, string message, long generation, DateTimeOffset now)
    {
        status[State] = Pending;
        status[ErrorMessage] = message;
        StatusConditions.Set(status, StatusConditions.Ready, holds: false, reason, message, generation, now);
    }

    /// <summary>The restore has a Job, and its pod has not started.</summary>
    public static void SetDelayed(
        JsonObject status, StartDelay delay, DelayedJob job, string hint, long generation, DateTimeOffset now)
    {
        string message = delay.Message(job.Name);
        SetWaiting(status, delay.Reason, message, generation, now);
        status[ErrorMessage] = $"{message} {hint}";
        StatusConditions.Set(status, StatusConditions.PodStarted, holds: false, delay.Reason, message, generation, now);
    }

    /// <summary>A pod that was kept from starting runs: a pod that can speak has started.</summary>
    public static void SetStarted(JsonObject status, long generation, DateTimeOffset now)
    {
        if (StatusConditions.Fails(new JsonObject { ["status"] = status.DeepClone() }, StatusConditions.PodStarted))
        {
            SetNotPending(status);
            StatusConditions.Set(
                status,
                StatusConditions.PodStarted,
                holds: true,
                "Started",
                "The pod of the restore has started.",
                generation,
                now);
        }
    }

    public static void SetCompleted(JsonObject status, string snapshotId, long generation, DateTimeOffset now)
    {
        SetProgress(status, snapshotId, 100);
        SetEnd(status, "Completed", generation, now);
        status.Remove(ErrorMessage);
        StatusConditions.Set(status, StatusConditions.Ready, holds: true, "Completed", SuccessText(snapshotId), generation, now);
    }

    public static void SetFailed(JsonObject status, BackupException failure, long generation, DateTimeOffset now)
    {
        SetEnd(status, "Failed", generation, now);
        status[ErrorMessage] = failure.MessageWithHint;
        StatusConditions.Set(
            status, StatusConditions.Ready, holds: false, $"{failure.Reason}", failure.Message, generation, now);
    }

    /// <summary>kubedr's words.</summary>
    public static string SuccessText(string snapshotId) => $"Restore from snapshot {snapshotId} completed";

    private static void SetNotPending(JsonObject status)
    {
        if (ObjectMetadata.Find(status, State) == Pending)
        {
            status.Remove(State);
            status.Remove(ErrorMessage);
        }
    }

    private static void SetEnd(JsonObject status, string state, long generation, DateTimeOffset now)
    {
        status[State] = state;
        status["restoreTime"] = StatusTime.Text(now);
        status["observedGeneration"] = generation;
    }
}
