namespace EtcdBackupAgent.Snapshots.DataDirectory;

/// <summary>What a data directory was made of, and what differs from the snapshot.</summary>
public sealed record RestoreSummary
{
    public required ulong ClusterId { get; init; }

    /// <summary>The member that the directory is for.</summary>
    public required ulong MemberId { get; init; }

    /// <summary>All members of the new cluster, in ascending order.</summary>
    public required IReadOnlyList<ulong> MemberIds { get; init; }

    /// <summary>What the ids are made of, beside the peer URLs.</summary>
    public required string Token { get; init; }

    /// <summary>Members that the snapshot had, and that were replaced.</summary>
    public required int MembersReplaced { get; init; }

    /// <summary>The snapshot's highest revision.</summary>
    public required long RevisionBefore { get; init; }

    /// <summary>The one that the restored cluster goes on from; all below it is compacted if it is higher.</summary>
    public required long RevisionAfter { get; init; }

    /// <summary>Bytes of the database as it was written: without the free pages of the snapshot.</summary>
    public required long DatabaseBytes { get; init; }

    /// <summary>Bytes of all files, the log's room for entries to come included.</summary>
    public required long BytesWritten { get; init; }

    /// <summary>Alarms that the snapshot had, in its order.</summary>
    public required IReadOnlyList<RestoredAlarm> Alarms { get; init; }

    /// <summary>The version of etcd that the cluster agreed on, such as <c>3.5.0</c>; null if the snapshot does not tell.</summary>
    public required string? ClusterVersion { get; init; }

    /// <summary>The version of the buckets' form, such as <c>3.6.0</c>; null before etcd 3.6, which was the first to tell.</summary>
    public required string? StorageVersion { get; init; }
}

/// <summary>An alarm of the snapshot, and what became of it.</summary>
public sealed record RestoredAlarm
{
    /// <summary>The member that raised it: one of the old cluster.</summary>
    public required ulong MemberId { get; init; }

    /// <summary><c>NOSPACE</c>, <c>CORRUPT</c>, or a number that is not known here.</summary>
    public required string Kind { get; init; }

    /// <summary>It is in force in the restored cluster, too.</summary>
    public required bool Kept { get; init; }

    /// <summary>A sentence without a full stop.</summary>
    public required string Why { get; init; }
}
