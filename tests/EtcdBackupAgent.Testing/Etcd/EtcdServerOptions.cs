namespace EtcdBackupAgent.Testing.Etcd;

/// <summary>The configuration of an etcd for a test.</summary>
public sealed record EtcdServerOptions
{
    public required EtcdSeries Series { get; init; }

    /// <summary>Whether clients use HTTPS with a client certificate; otherwise plain HTTP.</summary>
    public bool MutualTls { get; init; }

    /// <summary>The number of members: 1 or 3.</summary>
    public int Members { get; init; } = 1;

    /// <summary>
    /// Whether etcd behaves as in production: it syncs every write to disk and uses its default timeouts. Otherwise
    /// etcd 3.5 syncs nothing, and a leader is elected faster.
    /// </summary>
    public bool IsDurable { get; init; }

    /// <summary>
    /// Whether the first member starts alone and the others join one after another, as with kubeadm; otherwise all
    /// members start together. If they join, only the first member determines the cluster ID.
    /// </summary>
    public bool Joined { get; init; }

    /// <summary>The address that etcd listens on; an IPv6 address has no brackets.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>The maximum size of the database in bytes; null for etcd's default of 2 GB.</summary>
    public long? QuotaBackendBytes { get; init; }

    /// <summary>
    /// The number of transactions that etcd keeps in memory and in its log in addition to the database; null for etcd's
    /// default of 100,000. If each transaction is large, they need as much space as the database.
    /// </summary>
    public int? TransactionsKept { get; init; }

    /// <summary>
    /// A snapshot file with the initial content, restored with the tool of the series; null for an empty server.
    /// </summary>
    public string? SnapshotFile { get; init; }

    /// <summary>
    /// A data directory that the test has already restored, for one member; null for a directory of this server.
    /// </summary>
    public string? DataDirectory { get; init; }

    /// <summary>A directory for the WAL outside the data directory; null to keep it inside.</summary>
    public string? WalDirectory { get; init; }

    /// <summary>Creates the data directory of each member before it starts; null for an empty server.</summary>
    public Func<EtcdMemberData, Task>? MakeData { get; init; }
}

/// <summary>A member that is about to start.</summary>
/// <param name="Name">Its <c>--name</c>.</param>
/// <param name="PeerUrl">Its <c>--initial-advertise-peer-urls</c>.</param>
/// <param name="InitialCluster">The <c>--initial-cluster</c> of all members.</param>
/// <param name="Directory">Its <c>--data-dir</c>, which does not exist yet.</param>
public sealed record EtcdMemberData(string Name, string PeerUrl, string InitialCluster, string Directory);
