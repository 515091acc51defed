namespace EtcdBackupAgent.Snapshots.ChangeLog;

/// <summary>The constants of a segment, version 2 (<c>docs/spec/change-log.md</c>).</summary>
internal static class LogFormat
{
    /// <summary>How the message of damage begins.</summary>
    public const string Damage = "the segment of the change log is damaged";

    public const int ClusterBytes = sizeof(ulong);

    public const int LeaseIdBytes = sizeof(long);

    public const int DigestBytes = 32;

    /// <summary>The most bytes of the name of a lineage.</summary>
    public const int LineageBytesMax = 64;

    /// <summary>The most bytes of a value: one element in the largest bbolt page span.</summary>
    public const int RecordBytesMax = (128 << 20) - 64;

    /// <summary>The largest time, in milliseconds since 1970: the end of the year 9999.</summary>
    public const long TimeMax = 253_402_300_799_999;

    public static ReadOnlySpan<byte> Magic => "etcdlog1"u8;
}

/// <summary>The kind of an item of a segment, as its first byte.</summary>
internal enum LogItem : byte
{
    End = 0,
    Put = 1,
    Tombstone = 2,

    /// <summary>A put that begins the next revision.</summary>
    FirstPut = 3,

    /// <summary>A tombstone that begins the next revision.</summary>
    FirstTombstone = 4,

    Received = 5,
    Mark = 6,
    Lease = 7,
}
