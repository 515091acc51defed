using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Policies;

namespace EtcdBackupAgent.Core.Backups;

/// <summary>The content and the purpose of one backup.</summary>
public sealed record BackupRequest
{
    /// <summary>The policy that the snapshot belongs to.</summary>
    public required ResourceName Policy { get; init; }

    /// <summary>Why the backup is made, and what its snapshot is marked with.</summary>
    public required BackupOccasion Occasion { get; init; }

    /// <summary>The directory to back up in addition to the database; null for none.</summary>
    public string? CertsDirectory { get; init; }

    /// <summary>How often HashKV is requested from the member.</summary>
    public PolicyHashKv HashKv { get; init; } = PolicyHashKv.Daily;

    /// <summary>When the backup is incremental; null for a full one.</summary>
    public PolicyIncrements? Increments { get; init; }

    /// <summary>The change log that is written meanwhile; null if there is none.</summary>
    public SnapshotLog? ChangeLog { get; init; }

    /// <summary>
    /// Which snapshots of this policy and cluster are kept afterwards; null to prune nothing.
    /// </summary>
    public PolicyRetention? Retention { get; init; }

    /// <summary>The UID of the policy in its Kubernetes cluster, from the label; null if there is none.</summary>
    public string? PolicyUid => Labels.GetValueOrDefault(SnapshotManifest.PolicyUidLabel);

    /// <summary>Labels that are copied into the manifest unchanged.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } =
        new Dictionary<string, string>(StringComparer.Ordinal);
}
