namespace EtcdBackupAgent.Testing.Etcd;

/// <summary>What kind of etcd a test wants.</summary>
public sealed record EtcdServerOptions
{
    public required EtcdSeries Series { get; init; }

    /// <summary>https with client certificates required, or plain http.</summary>
    public bool MutualTls { get; init; }

    /// <summary>Members of the cluster: 1 or 3.</summary>
    public int Members { get; init; } = 1;

    /// <summary>The address it listens on; an IPv6 address without brackets.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>A snapshot file to begin with, brought back by the series' own tool; null for an empty server.</summary>
    public string? SnapshotFile { get; init; }

    /// <summary>A data directory that somebody has restored already, for one member; null for one of the server's own.</summary>
    public string? DataDirectory { get; init; }
}
