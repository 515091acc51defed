using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Core.Repository;

/// <summary>A folder whose manifest exists but cannot be read. It is listed and never pruned.</summary>
public sealed record UnreadableSnapshot
{
    /// <summary>The folder, from the name of which time and ID are known.</summary>
    public required SnapshotFolder Folder { get; init; }

    /// <summary>The reason: the manifest is damaged, or has a later format.</summary>
    public required BackupException Problem { get; init; }
}
