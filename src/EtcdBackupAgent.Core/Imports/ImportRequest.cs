using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Policies;

namespace EtcdBackupAgent.Core.Imports;

/// <summary>What an import files a snapshot under.</summary>
public sealed record ImportRequest
{
    /// <summary>The policy that the snapshot belongs to.</summary>
    public required ResourceName Policy { get; init; }

    /// <summary>What the snapshot is marked with.</summary>
    public required BackupOccasion Occasion { get; init; }

    /// <summary>Labels of the policy, which are copied into the manifest unchanged.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } =
        new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>The age at which the policy removes a snapshot; null for none.</summary>
    public TimeSpan? Ttl { get; init; }

    /// <summary>A directory to store beside the database; null for none.</summary>
    public string? CertsDirectory { get; init; }

    /// <summary>When the snapshot was taken; null for the modification time of the file.</summary>
    public DateTimeOffset? TakenAt { get; init; }

    /// <summary>The cluster of the snapshot; null to find it out.</summary>
    public EtcdId? ClusterId { get; init; }

    /// <summary>Whether to import a content that the repository already has.</summary>
    public bool Again { get; init; }
}
