using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Catalogue;

/// <summary>Adds to a policy's status what it missed: backups whose pod could not reach the API server, or that were
/// made before the cluster was restored to an older state.</summary>
internal static class PolicyCatchUp
{
    /// <summary>Writes into a policy's status what the repository knows better.</summary>
    /// <param name="status">The status, which is changed.</param>
    /// <param name="policy">The policy.</param>
    /// <param name="history">The history of the whole repository.</param>
    /// <param name="now">The time.</param>
    public static void Apply(PolicyStatus status, PolicyObject policy, SnapshotHistory history, DateTimeOffset now)
    {
        OwnSnapshots ownSnapshots = PolicySnapshots.Of(policy, history);
        Snapshot[] own = [.. history.Snapshots.Where(ownSnapshots.Contains)];
        if (SnapshotHistory.Newest(own, s => IsSuccess(s, policy)) is { } newest
            && IsNewerThanKnown(newest, status, own, history, now))
        {
            status.SetSucceeded(newest.Manifest, pod: null, policy.Generation, now);
            status.SetSnapshot(newest.Manifest);
        }

        status.SetVerified(DeepVerifications.Newest(own.Where(s => s.IsProved), now), now);
        status.SetFromFuture(own.Count(s => s.IsFromFuture));
    }

    /// <summary>Compares by etcd's history if the status names a snapshot of the repository, otherwise by
    /// date.</summary>
    private static bool IsNewerThanKnown(
        Snapshot newest, PolicyStatus status, Snapshot[] own, SnapshotHistory history, DateTimeOffset now)
    {
        if (StatusTime.Past(status.LastSuccessAt, now) is not { } known)
        {
            return true;
        }

        return own.FirstOrDefault(s => s.Id.Value == status.SnapshotId) is { } published
            ? history.Order.Compare(published, newest) < 0
            : known < StatusTime.Rounded(newest.Manifest.CompletedAt);
    }

    /// <summary>Whether the run that made the snapshot succeeded, as far as the repository shows.</summary>
    private static bool IsSuccess(Snapshot snapshot, PolicyObject policy) =>
        policy.IsVerifiedAfterBackup ? snapshot.IsProved : snapshot.IsGood;
}
