namespace EtcdBackupAgent.Testing.Etcd;

/// <summary>What kind of etcd a test wants.</summary>
public sealed record EtcdServerOptions
{
    public required EtcdSeries Series { get; init; }

    /// <summary>https with client certificates required, or plain http.</summary>
    public bool MutualTls { get; init; }

    /// <summary>Members of the cluster: 1 or 3.</summary>
    public int Members { get; init; } = 1;

    /// <summary>
    /// As in production: every write is synced to the disk, and etcd's own timeouts. Otherwise etcd 3.5 syncs nothing,
    /// and a leader is there sooner.
    /// </summary>
    public bool IsDurable { get; init; }

    /// <summary>
    /// The first member begins alone and the others join it one after another, as kubeadm has it; otherwise all begin
    /// together. The cluster's id is then made of the first member only.
    /// </summary>
    public bool Joined { get; init; }

    /// <summary>The address it listens on; an IPv6 address without brackets.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>Bytes that the database may have; null for etcd's own default of 2 GB.</summary>
    public long? QuotaBackendBytes { get; init; }

    /// <summary>
    /// Transactions that it keeps in memory and in its log beside the database; null for etcd's own default of 100,000,
    /// which is as much again as the database if each is large.
    /// </summary>
    public int? TransactionsKept { get; init; }

    /// <summary>
    /// A snapshot file to begin with, brought back by the series' own tool; null for an empty server.
    /// </summary>
    public string? SnapshotFile { get; init; }

    /// <summary>
    /// A data directory that somebody has restored already, for one member; null for one of the server's own.
    /// </summary>
    public string? DataDirectory { get; init; }

    /// <summary>A directory for the log, outside of the data; null for one in it.</summary>
    public string? WalDirectory { get; init; }

    /// <summary>Makes the data directory of each member before it starts; null for empty servers.</summary>
    public Func<EtcdMemberData, Task>? MakeData { get; init; }
}

/// <summary>A member that is about to start.</summary>
/// <param name="Name">Its <c>--name</c>.</param>
/// <param name="PeerUrl">Its <c>--initial-advertise-peer-urls</c>.</param>
/// <param name="InitialCluster">The <c>--initial-cluster</c> of all.</param>
/// <param name="Directory">Its <c>--data-dir</c>, which is not there yet.</param>
public sealed record EtcdMemberData(string Name, string PeerUrl, string InitialCluster, string Directory);
