using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Core.Copies;

/// <summary>What became of one snapshot.</summary>
public sealed record CopyOutcome
{
    public required SnapshotFolder Folder { get; init; }

    /// <summary>The number of bytes that were transferred; 0 if the copy already had the snapshot.</summary>
    public long CopiedBytes { get; init; }

    /// <summary>Whether the copy already had the whole snapshot.</summary>
    public bool Existed { get; init; }

    /// <summary>Why the snapshot was not copied; null if the copy has it.</summary>
    public BackupException? Problem { get; init; }
}
