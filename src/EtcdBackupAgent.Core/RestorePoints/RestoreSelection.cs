using EtcdBackupAgent.Core.Policies;

namespace EtcdBackupAgent.Core.RestorePoints;

/// <summary>What a user wants to restore, verify or inspect: a snapshot, a revision or a moment.</summary>
public sealed record RestoreSelection
{
    /// <summary>
    /// A snapshot ID, the start of one, or <c>latest</c>; null to find the snapshot for a revision or a moment.
    /// </summary>
    public string? SnapshotId { get; init; }

    /// <summary>
    /// The revision of etcd; null with a moment, and for what the snapshot was made for: its restore point, or its own
    /// state.
    /// </summary>
    public long? Revision { get; init; }

    /// <summary>The moment; null for none.</summary>
    public DateTimeOffset? Time { get; init; }

    /// <summary>The policy whose change log is used, where several policies share the repository.</summary>
    public ResourceName? Policy { get; init; }

    /// <summary>Whether a snapshot is selected as it is, whatever its restore point.</summary>
    public bool IsWhole { get; init; }

    /// <summary>Selects what a snapshot was made for: its restore point, or the snapshot as it is.</summary>
    public static RestoreSelection Of(string snapshotId) => new() { SnapshotId = snapshotId };

    /// <summary>Selects a snapshot as it is, whatever its restore point.</summary>
    public static RestoreSelection WholeOf(string snapshotId) => new() { SnapshotId = snapshotId, IsWhole = true };
}
