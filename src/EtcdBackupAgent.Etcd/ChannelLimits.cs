namespace EtcdBackupAgent.Etcd;

/// <summary>What a connection may receive and how it is kept, which depends on the calls that it is used for.</summary>
internal sealed record ChannelLimits
{
    /// <summary>The maximum size of a message in bytes.</summary>
    public required int MessageBytesMax { get; init; }

    /// <summary>Bytes of one call that can be in transit or wait for the reader.</summary>
    public required int WindowBytes { get; init; }

    /// <summary>
    /// How long the connection can be silent before it is checked, if a call is under way, and how long the check can
    /// take.
    /// </summary>
    public required TimeSpan PingDelay { get; init; }

    /// <summary>The messages of a snapshot have 32 KiB; the limit is gRPC's own default.</summary>
    public static ChannelLimits ForSnapshot() => new()
    {
        MessageBytesMax = 4 * 1024 * 1024,
        WindowBytes = EtcdConnection.SnapshotWindowBytes,
        PingDelay = Timeout.InfiniteTimeSpan,
    };

    public static ChannelLimits ForWatch(EtcdConnection connection) => new()
    {
        MessageBytesMax = EtcdConnection.WatchMessageBytesMax,
        WindowBytes = EtcdConnection.WatchWindowBytes,
        PingDelay = connection.WatchPingDelay,
    };
}
