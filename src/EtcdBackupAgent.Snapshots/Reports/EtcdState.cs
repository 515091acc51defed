namespace EtcdBackupAgent.Snapshots.Reports;

/// <summary>The content of a database other than keys: etcd's own records.</summary>
public sealed record EtcdState
{
    /// <summary>
    /// The version of the storage format, such as <c>3.6.0</c>; null before 3.6, which was the first to write it.
    /// </summary>
    public string? StorageVersion { get; internal set; }

    /// <summary>
    /// The version that all members support, such as <c>3.5.0</c>; null before 3.5, which was the first to write it
    /// here.
    /// </summary>
    public string? ClusterVersion { get; internal set; }

    /// <summary>The members, in the order of their keys; at most 1,000.</summary>
    public IReadOnlyList<EtcdMemberReport> Members { get; internal set; } = [];

    /// <summary>The IDs of members that were removed from the cluster and may not join it again.</summary>
    public IReadOnlyList<ulong> RemovedMembers { get; internal set; } = [];

    /// <summary>The active alarms, in the order of their keys; at most 1,000.</summary>
    public IReadOnlyList<AlarmReport> Alarms { get; internal set; } = [];

    /// <summary>Whether clients must authenticate.</summary>
    public bool IsAuthEnabled { get; internal set; }

    /// <summary>The number of users.</summary>
    public long Users { get; internal set; }

    /// <summary>The number of roles.</summary>
    public long Roles { get; internal set; }

    /// <summary>The number of leases, expired ones included.</summary>
    public long Leases { get; internal set; }

    /// <summary>The index of the last applied raft entry; null if there is none.</summary>
    public ulong? ConsistentIndex { get; internal set; }

    /// <summary>The term of the last applied raft entry; null before 3.5, which was the first to write it.</summary>
    public ulong? RaftTerm { get; internal set; }
}

/// <summary>A member of the cluster, as stored by the member that sent the snapshot.</summary>
public sealed record EtcdMemberReport
{
    /// <summary>The member's ID within its cluster.</summary>
    public required ulong Id { get; init; }

    /// <summary>The name; empty until the first start of the member.</summary>
    public required string Name { get; init; }

    /// <summary>URLs for the other members; at least one in a cluster of etcd.</summary>
    public required IReadOnlyList<string> PeerUrls { get; init; }

    /// <summary>URLs for clients; empty until the first start of the member.</summary>
    public required IReadOnlyList<string> ClientUrls { get; init; }

    /// <summary>Whether the member has no vote.</summary>
    public required bool IsLearner { get; init; }
}

/// <summary>An active alarm.</summary>
/// <param name="MemberId">The member that raised it.</param>
/// <param name="Kind"><c>NOSPACE</c>, <c>CORRUPT</c>, or the number of an unknown kind.</param>
public sealed record AlarmReport(ulong MemberId, string Kind);
