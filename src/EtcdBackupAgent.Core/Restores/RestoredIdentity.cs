using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Snapshots.DataDirectory;

namespace EtcdBackupAgent.Core.Restores;

/// <summary>
/// Keeps a restored cluster from being taken for the one that its snapshot is of: members of that one which still run,
/// or start later, would write what they have over what was restored, without an error anywhere.
/// </summary>
internal static class RestoredIdentity
{
    /// <summary>Refuses a token that was given and leads to the id of the snapshot's own cluster.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>.</exception>
    public static void RequireOther(RestorePlan plan, SnapshotManifest manifest)
    {
        if (plan.Token is not null && new EtcdId(plan.Ids().ClusterId) == manifest.Etcd.ClusterId)
        {
            throw Refused(
                $"With the token '{plan.Token}' the restored cluster would have the id {manifest.Etcd.ClusterId} "
                + $"of the cluster that snapshot {manifest.Id} is of.");
        }
    }

    /// <summary>
    /// Refuses a token, given or derived, that leads to the id of a cluster which has snapshots here: one that was
    /// restored in the same way before and has lived on.
    /// </summary>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>.</exception>
    public static void RequireUnused(RestorePlan plan, IReadOnlyList<Snapshot> known)
    {
        EtcdId cluster = new(plan.Ids().ClusterId);
        if (known.LastOrDefault(snapshot => snapshot.Manifest.Etcd.ClusterId == cluster) is { } living)
        {
            throw Refused(
                $"With the token '{plan.Token}' the restored cluster would have the id {cluster}, which a cluster has "
                + $"had since an earlier restore: snapshot {living.Id} is of it.",
                hint: "Choose a token that is new, and give it to all members: "
                    + "--initial-cluster-token restored-again-1.");
        }
    }

    /// <summary>What to say of a token that makes a restored member one of the old cluster.</summary>
    public static BackupException Refused(string why, Exception? inner = null, string? hint = null) =>
        new(
            FailureReason.InvalidInput,
            $"{why} Members of that cluster that still run, or start later, would replace what was restored "
            + "with their own data.",
            inner)
        {
            Hint = hint ?? "Leave --initial-cluster-token out: one is derived from the snapshot. "
                + "Or give one that no cluster with these peer URLs ever had.",
        };
}
