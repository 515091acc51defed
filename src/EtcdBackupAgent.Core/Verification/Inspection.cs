using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.RestorePoints;
using EtcdBackupAgent.Snapshots;
using EtcdBackupAgent.Snapshots.Verification;

namespace EtcdBackupAgent.Core.Verification;

/// <summary>The content of an etcd snapshot, and whether it is sound.</summary>
public sealed record Inspection
{
    /// <summary>The file's path, or the snapshot's ID and another revision than its own.</summary>
    public required string Name { get; init; }

    /// <summary>What is known about the time of the revision; null if it was not selected by its time.</summary>
    public RevisionTime? Time { get; init; }

    /// <summary>
    /// The restore point of the snapshot, if it is examined there because no other revision was requested; null
    /// otherwise.
    /// </summary>
    public SnapshotPoint? Default { get; init; }

    /// <summary>
    /// The result of the trailer check. A copy of a member's database has no trailer, which is not a fault.
    /// </summary>
    public required SnapshotTrailerResult Trailer { get; init; }

    public required SnapshotExamination Examination { get; init; }

    public bool IsSound => Trailer != SnapshotTrailerResult.Mismatch && Examination.Proof.IsSound;
}
