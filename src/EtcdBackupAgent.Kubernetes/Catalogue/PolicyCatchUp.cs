using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Resources.Binding;

namespace EtcdBackupAgent.Kubernetes.Catalogue;

/// <summary>What a policy's status has missed: backups whose pod could not reach the API server, or that were made
/// before the cluster was restored to an older state.</summary>
internal static class PolicyCatchUp
{
    /// <summary>Puts what the repository knows better into a policy's status.</summary>
    /// <param name="status">The status, which is changed.</param>
    /// <param name="policy">The policy.</param>
    /// <param name="history">All of the repository.</param>
    /// <param name="now">The time.</param>
    public static void Apply(JsonObject status, JsonObject policy, SnapshotHistory history, DateTimeOffset now)
    {
        OwnSnapshots mine = PolicySnapshots.Of(policy, history);
        Snapshot[] own = [.. history.Snapshots.Where(mine.Contains)];
        if (SnapshotHistory.Newest(own, s => Counts(s, policy)) is { } newest
            && IsNewerThanKnown(newest, status, own, history, now))
        {
            PolicyStatus.SetSucceeded(status, newest.Manifest, pod: null, ObjectMetadata.Generation(policy), now);
            PolicyStatus.SetSnapshot(status, newest.Manifest);
        }

        PolicyStatus.SetVerified(status, DeepVerifications.Newest(own.Where(s => s.IsProved), now), now);
        PolicyStatus.SetFromFuture(status, own.Count(s => s.IsFromFuture));
    }

    /// <summary>By etcd's history where the status names a snapshot of the repository, by date otherwise.</summary>
    private static bool IsNewerThanKnown(
        Snapshot newest, JsonObject status, Snapshot[] own, SnapshotHistory history, DateTimeOffset now)
    {
        if (StatusTime.FindPast(status, PolicyStatus.LastSuccessTime, now) is not { } known)
        {
            return true;
        }

        string? id = ObjectMetadata.Find(status, PolicyStatus.SnapshotId);
        return own.FirstOrDefault(s => s.Id.Value == id) is { } told
            ? history.Order.Compare(told, newest) < 0
            : known < StatusTime.Rounded(newest.Manifest.CompletedAt);
    }

    /// <summary>Whether the run that made it has succeeded, as far as the repository tells.</summary>
    private static bool Counts(Snapshot snapshot, JsonObject policy) =>
        ObjectMetadata.Find(policy, "spec", PolicyBinding.VerifyField) == $"{PolicyVerification.AfterBackup}"
            ? snapshot.IsProved
            : snapshot.IsGood;
}
