namespace EtcdBackupAgent.Snapshots;

/// <summary>The result of checking the trailer of a snapshot file.</summary>
public enum SnapshotTrailerResult
{
    /// <summary>The last 32 bytes are the SHA-256 of all bytes before them.</summary>
    Valid,

    /// <summary>
    /// The size is not a multiple of 512 plus 32, so there is no trailer: the stream was truncated, or the file is a
    /// copy of a member's database and not a snapshot.
    /// </summary>
    Missing,

    /// <summary>The size includes a trailer, but the trailer is not the SHA-256 of the bytes before it.</summary>
    Mismatch,
}
