namespace EtcdBackupAgent.Snapshots;

/// <summary>What the end of a snapshot file says about the bytes before it.</summary>
public enum SnapshotTrailerResult
{
    /// <summary>The last 32 bytes are the SHA-256 of all bytes before them.</summary>
    Valid,

    /// <summary>
    /// The size is not a multiple of 512 plus 32, so there is no trailer: the stream was cut, or the file is a copy of a member's
    /// database rather than a snapshot.
    /// </summary>
    Missing,

    /// <summary>The size fits a trailer, but it is not the SHA-256 of the bytes before it.</summary>
    Mismatch,
}
