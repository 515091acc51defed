using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Policies;

namespace EtcdBackupAgent.Core.Backups;

/// <summary>What one backup is to contain, and what for.</summary>
public sealed record BackupRequest
{
    /// <summary>The policy whose snapshots it joins.</summary>
    public required ResourceName Policy { get; init; }

    public required BackupReason Reason { get; init; }

    /// <summary>Directory to back up beside the database; null for none.</summary>
    public string? CertsDirectory { get; init; }

    /// <summary>How often the member is asked for HashKV.</summary>
    public PolicyHashKv HashKv { get; init; } = PolicyHashKv.Daily;

    /// <summary>How many complete snapshots of this policy and cluster to keep afterwards; null to prune nothing.</summary>
    public int? RetainNumBackups { get; init; }

    /// <summary>Text that goes into the manifest as it is.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);
}
