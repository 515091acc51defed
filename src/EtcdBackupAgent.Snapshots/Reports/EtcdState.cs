namespace EtcdBackupAgent.Snapshots.Reports;

/// <summary>What a database holds beside keys: etcd's own records.</summary>
public sealed record EtcdState
{
    /// <summary>Series of the file's layout, such as <c>3.6.0</c>; null before 3.6, which did not write it.</summary>
    public string? StorageVersion { get; internal set; }

    /// <summary>What all members can do, such as <c>3.5.0</c>; null before 3.5, which did not write it here.</summary>
    public string? ClusterVersion { get; internal set; }

    public IReadOnlyList<EtcdMemberReport> Members { get; internal set; } = [];

    /// <summary>IDs of members that were removed from the cluster, and may not come back.</summary>
    public IReadOnlyList<ulong> RemovedMembers { get; internal set; } = [];

    public IReadOnlyList<AlarmReport> Alarms { get; internal set; } = [];

    /// <summary>Clients need a user.</summary>
    public bool IsAuthEnabled { get; internal set; }

    public long Users { get; internal set; }

    public long Roles { get; internal set; }

    public long Leases { get; internal set; }

    /// <summary>Index of the last raft entry that is applied; null if there is none.</summary>
    public ulong? ConsistentIndex { get; internal set; }

    /// <summary>Term of that entry; null before 3.5, which did not write it.</summary>
    public ulong? RaftTerm { get; internal set; }
}

/// <summary>A member of the cluster, as the snapshot's member knew it.</summary>
public sealed record EtcdMemberReport
{
    public required ulong Id { get; init; }

    /// <summary>Empty until the member has started for the first time.</summary>
    public required string Name { get; init; }

    public required IReadOnlyList<string> PeerUrls { get; init; }

    public required IReadOnlyList<string> ClientUrls { get; init; }

    public required bool IsLearner { get; init; }
}

/// <summary>An alarm that is on.</summary>
/// <param name="MemberId">The member that raised it.</param>
/// <param name="Kind"><c>NOSPACE</c>, <c>CORRUPT</c>, or a number that is not known.</param>
public sealed record AlarmReport(ulong MemberId, string Kind);
