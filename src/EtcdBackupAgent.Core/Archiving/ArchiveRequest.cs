using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Policies;

namespace EtcdBackupAgent.Core.Archiving;

/// <summary>Whose changes are archived, and how.</summary>
public sealed record ArchiveRequest
{
    /// <summary>The policy that the log belongs to.</summary>
    public required ResourceName Policy { get; init; }

    /// <summary>When segments are closed and how long they are kept.</summary>
    public required PolicyChangeLog Log { get; init; }

    /// <summary>The age of the newest snapshot at which the next one is made.</summary>
    public required TimeSpan SnapshotEvery { get; init; }

    /// <summary>Labels that are copied into the lineage unchanged.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } =
        new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>The UID of the policy in its Kubernetes cluster, from the label; null if there is none.</summary>
    public string? PolicyUid => Labels.GetValueOrDefault(SnapshotManifest.PolicyUidLabel);
}
