using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Policies;

namespace EtcdBackupAgent.Core.Backups;

/// <summary>How a manifest says which policy made it: a bucket may be shared by clusters whose policies have the same
/// names.</summary>
public static class PolicyLabels
{
    /// <summary>The labels of a manifest that is made for this policy.</summary>
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
