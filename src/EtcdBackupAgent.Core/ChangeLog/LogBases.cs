using EtcdBackupAgent.Core.Documents;

namespace EtcdBackupAgent.Core.ChangeLog;

/// <summary>Which snapshots a change log can be applied on, as far as names and manifests tell.</summary>
public static class LogBases
{
    /// <summary>
    /// Whether a snapshot is of the cluster and the policy of a lineage, was made while it was written, and is not
    /// before a revision. Revisions alone do not tell: a cluster that was restored with the same token counts the same
    /// ones again. An imported snapshot is not one: the time of a file does not tell which of both it is of.
    /// </summary>
    /// <param name="manifest">The manifest of the snapshot.</param>
    /// <param name="lineage">The lineage.</param>
    /// <param name="first">The log contains all revisions above this one.</param>
    public static bool IsBaseOf(SnapshotManifest manifest, LineageDocument lineage, long first) =>
        manifest is { Database: not null, Import: null }
        && manifest.ClusterId == lineage.ClusterId
        && manifest.Policy == lineage.Policy
        && (manifest.PolicyUid is null || lineage.PolicyUid is null || manifest.PolicyUid == lineage.PolicyUid)
        && (manifest.ChangeLog is { } log ? log.Lineage == lineage.Id : manifest.StartedAt >= lineage.StartedAt)
        && manifest.Revision >= first;
}
