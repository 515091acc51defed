using EtcdBackupAgent.Core.Policies;

namespace EtcdBackupAgent.Core.RestorePoints;

/// <summary>What a user wants to restore, verify or inspect: a snapshot, a revision or a moment.</summary>
public sealed record RestoreSelection
{
    /// <summary>
    /// A snapshot ID, the start of one, or <c>latest</c>; null to find the snapshot for a revision or a moment.
    /// </summary>
    public string? SnapshotId { get; init; }

    /// <summary>The revision of etcd; null for the snapshot's own, or with a moment.</summary>
    public long? Revision { get; init; }

    /// <summary>The moment; null for none.</summary>
    public DateTimeOffset? Time { get; init; }

    /// <summary>The policy whose change log is used, where several policies share the repository.</summary>
    public ResourceName? Policy { get; init; }

    /// <summary>Selects a snapshot as it is.</summary>
    public static RestoreSelection Of(string snapshotId) => new() { SnapshotId = snapshotId };
}
