using EtcdBackupAgent.Core.Documents;

namespace EtcdBackupAgent.Core.ChangeLog;

/// <summary>Which snapshots a change log can be applied on, as far as names and manifests tell.</summary>
public static class LogBases
{
    /// <summary>Whether a snapshot is of the cluster and the policy of a lineage, and not before a revision.</summary>
    /// <param name="manifest">The manifest of the snapshot.</param>
    /// <param name="lineage">The lineage.</param>
    /// <param name="first">The log contains all revisions above this one.</param>
    public static bool IsBaseOf(SnapshotManifest manifest, LineageDocument lineage, long first) =>
        manifest.Database is not null
        && manifest.Etcd.ClusterId == lineage.ClusterId
        && manifest.Policy == lineage.Policy
        && (manifest.PolicyUid is null || lineage.PolicyUid is null || manifest.PolicyUid == lineage.PolicyUid)
        && manifest.Etcd.Revision >= first;
}
