using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Kubernetes.Api;

namespace EtcdBackupAgent.Kubernetes.Publishing;

/// <summary>What the status of a MetadataRestore says: kubedr's fields and ours, as <c>docs/kubernetes.md</c> has them. A restore that
/// has ended, well or not, stays so.</summary>
internal static class RestoreStatus
{
    private const string State = "restoreStatus";

    public static bool HasEnded(JsonObject restore) =>
        ObjectMetadata.Find(restore, "status", State) is "Completed" or "Failed";

    public static void SetProgress(JsonObject status, string snapshotId, int percent)
    {
        status["snapshotId"] = snapshotId;
        status["progressPercent"] = percent;
    }

    public static void SetCompleted(JsonObject status, string snapshotId, long generation, DateTimeOffset now)
    {
        SetProgress(status, snapshotId, 100);
        SetEnd(status, "Completed", generation, now);
        status.Remove("restoreErrorMessage");
        StatusConditions.Set(status, StatusConditions.Ready, holds: true, "Completed", SuccessText(snapshotId), generation, now);
    }

    public static void SetFailed(JsonObject status, BackupException failure, long generation, DateTimeOffset now)
    {
        SetEnd(status, "Failed", generation, now);
        status["restoreErrorMessage"] = failure.MessageWithHint;
        StatusConditions.Set(
            status, StatusConditions.Ready, holds: false, $"{failure.Reason}", failure.Message, generation, now);
    }

    /// <summary>kubedr's words.</summary>
    public static string SuccessText(string snapshotId) => $"Restore from snapshot {snapshotId} completed";

    private static void SetEnd(JsonObject status, string state, long generation, DateTimeOffset now)
    {
        status[State] = state;
        status["restoreTime"] = StatusTime.Text(now);
        status["observedGeneration"] = generation;
    }
}
