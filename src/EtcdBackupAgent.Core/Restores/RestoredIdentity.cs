using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Snapshots.DataDirectory;

namespace EtcdBackupAgent.Core.Restores;

/// <summary>
/// Prevents a restored cluster from having the identity of the original cluster. Otherwise members of the original
/// cluster that still run, or start later, would overwrite the restored data without any error.
/// </summary>
internal static class RestoredIdentity
{
    /// <summary>Refuses a given token that results in the ID of the snapshot's own cluster.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>.</exception>
    public static void RequireOther(RestorePlan plan, SnapshotManifest manifest)
    {
        if (plan.Token is not null && new EtcdId(plan.Ids().ClusterId) == manifest.ClusterId)
        {
            throw Refused(
                $"With the token '{plan.Token}' the restored cluster would have the ID {manifest.ClusterId} "
                + $"of the cluster that snapshot {manifest.Id} was taken from.");
        }
    }

    /// <summary>
    /// Refuses a token, given or derived, that results in the ID of a cluster that has snapshots in this repository: a
    /// cluster that was restored in the same way before and then continued to run.
    /// </summary>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>.</exception>
    public static void RequireUnused(RestorePlan plan, IReadOnlyList<Snapshot> known)
    {
        EtcdId cluster = new(plan.Ids().ClusterId);
        if (known.LastOrDefault(snapshot => snapshot.Manifest.ClusterId == cluster) is { } living)
        {
            throw Refused(
                $"With the token '{plan.Token}' the restored cluster would have the ID {cluster}, which another "
                + $"cluster has had since an earlier restore: snapshot {living.Id} was taken from it.",
                hint: "Choose a new token, such as restored-again-1, and give it to all members.");
        }
    }

    /// <summary>
    /// Returns the exception for a token that would make a restored member a member of the old cluster.
    /// </summary>
    public static BackupException Refused(string why, Exception? inner = null, string? hint = null) =>
        new(
            FailureReason.InvalidInput,
            $"{why} Members of that cluster that still run, or start later, would replace the restored data "
            + "with their own data.",
            inner)
        {
            Hint = hint ?? "Give no token: one is derived from the snapshot. "
                + "Or choose a token that no cluster with these peer URLs ever had.",
            Settings = [Setting.ClusterToken],
        };
}
