using EtcdBackupAgent.Snapshots;
using EtcdBackupAgent.Snapshots.Verification;

namespace EtcdBackupAgent.Core.Verification;

/// <summary>What an etcd snapshot holds, and whether it is sound.</summary>
public sealed record Inspection
{
    /// <summary>The file's path, or the snapshot's ID.</summary>
    public required string Name { get; init; }

    /// <summary>A copy of a member's database has no trailer, and is none the worse for it.</summary>
    public required SnapshotTrailerResult Trailer { get; init; }

    public required SnapshotExamination Examination { get; init; }

    public bool IsSound => Trailer != SnapshotTrailerResult.Mismatch && Examination.Proof.IsSound;
}
