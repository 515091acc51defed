using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Core.Repository;

/// <summary>A folder whose manifest is there but cannot be read. It is shown, and never collected.</summary>
public sealed record UnreadableSnapshot
{
    public required SnapshotFolder Folder { get; init; }

    /// <summary>Why: damaged, or of a later format.</summary>
    public required BackupException Problem { get; init; }
}
