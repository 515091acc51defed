using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Policies;

namespace EtcdBackupAgent.Core.Backups;

/// <summary>
/// The labels that identify a policy in a manifest: clusters whose policies have the same names may share a bucket.
/// </summary>
public static class PolicyLabels
{
    /// <summary>Returns the labels of a manifest that is made for this policy.</summary>
    public static IReadOnlyDictionary<string, string> Of(BackupPolicy policy)
    {
        Dictionary<string, string> labels = new(StringComparer.Ordinal);
        if (policy.Uid is { } uid)
        {
            labels.Add(SnapshotManifest.PolicyUidLabel, uid);
        }

        return labels;
    }
}
