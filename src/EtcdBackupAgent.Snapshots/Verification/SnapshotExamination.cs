using EtcdBackupAgent.Snapshots.Reports;

namespace EtcdBackupAgent.Snapshots.Verification;

/// <summary>The result of examining a snapshot file.</summary>
public sealed record SnapshotExamination
{
    /// <summary>All checks of the file.</summary>
    public required SnapshotProof Proof { get; init; }

    /// <summary>The content; null if the file is too damaged to be read to its end.</summary>
    public required SnapshotReport? Report { get; init; }
}
