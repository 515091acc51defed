using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Repository;
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

    /// <summary>What to say of a token that makes a restored member one of the old cluster.</summary>
    public static BackupException Refused(string why, Exception? inner = null) =>
        new(
            FailureReason.InvalidInput,
            $"{why} Members of that cluster that still run, or start later, would replace what was restored "
            + "with their own data.",
            inner)
        {
            Hint = "Leave --initial-cluster-token out: one is derived from the snapshot. "
                + "Or give one that no cluster with these peer URLs ever had.",
        };
}
