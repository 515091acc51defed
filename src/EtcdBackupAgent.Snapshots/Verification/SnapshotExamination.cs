using EtcdBackupAgent.Snapshots.Reports;

namespace EtcdBackupAgent.Snapshots.Verification;

/// <summary>All that was found out about a snapshot file.</summary>
public sealed record SnapshotExamination
{
    public required SnapshotProof Proof { get; init; }

    /// <summary>What is in it; null if it is too damaged to be read to its end.</summary>
    public required SnapshotReport? Report { get; init; }
}
