namespace EtcdBackupAgent.Snapshots.DataDirectory;

/// <summary>The result of creating a data directory, with its differences from the snapshot.</summary>
public sealed record RestoreSummary
{
    /// <summary>The ID of the new cluster, computed as etcd does from its members.</summary>
    public required ulong ClusterId { get; init; }

    /// <summary>The member that the directory is for.</summary>
    public required ulong MemberId { get; init; }

    /// <summary>All members of the new cluster, in ascending order.</summary>
    public required IReadOnlyList<ulong> MemberIds { get; init; }

    /// <summary>The token, from which the ids are computed together with the peer URLs.</summary>
    public required string Token { get; init; }

    /// <summary>The number of members of the snapshot that were replaced.</summary>
    public required int MembersReplaced { get; init; }

    /// <summary>The snapshot's highest revision.</summary>
    public required long RevisionBefore { get; init; }

    /// <summary>
    /// The first revision of the restored cluster. If it is higher than <see cref="RevisionBefore"/>, all revisions
    /// below it are compacted.
    /// </summary>
    public required long RevisionAfter { get; init; }

    /// <summary>The size of the new database, without the free pages of the snapshot.</summary>
    public required long DatabaseBytes { get; init; }

    /// <summary>The size of all files, including the space in the log for later entries.</summary>
    public required long BytesWritten { get; init; }

    /// <summary>The alarms of the snapshot, in its order.</summary>
    public required IReadOnlyList<RestoredAlarm> Alarms { get; init; }

    /// <summary>The cluster version of etcd, such as <c>3.5.0</c>; null if the snapshot does not have it.</summary>
    public required string? ClusterVersion { get; init; }

    /// <summary>
    /// The version of the storage format, such as <c>3.6.0</c>; null before etcd 3.6, which was the first to write it.
    /// </summary>
    public required string? StorageVersion { get; init; }
}

/// <summary>An alarm of the snapshot, and whether it was kept.</summary>
public sealed record RestoredAlarm
{
    /// <summary>The member of the old cluster that raised it.</summary>
    public required ulong MemberId { get; init; }

    /// <summary><c>NOSPACE</c>, <c>CORRUPT</c>, or the number of an unknown kind.</summary>
    public required string Kind { get; init; }

    /// <summary>Whether the alarm is also active in the restored cluster.</summary>
    public required bool Kept { get; init; }

    /// <summary>The reason, as a sentence without a full stop.</summary>
    public required string Reason { get; init; }
}
