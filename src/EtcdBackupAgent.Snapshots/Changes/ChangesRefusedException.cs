namespace EtcdBackupAgent.Snapshots.Changes;

/// <summary>
/// A database cannot be described by changes. It is not necessarily damaged; a full snapshot is possible.
/// </summary>
public sealed class ChangesRefusedException(ChangesRefusal reason, string message) : Exception(message)
{
    /// <summary>The reason; the message has the details.</summary>
    public ChangesRefusal Reason { get; } = reason;
}

/// <summary>Why a database cannot be described by changes.</summary>
public enum ChangesRefusal
{
    /// <summary>There is no bucket <c>key</c>: it is not a database of etcd 3.</summary>
    NoKeyBucket,

    /// <summary>
    /// An element of the bucket <c>key</c> is not a record: its key is not a revision, its revision occurs twice, or
    /// its value cannot be decoded.
    /// </summary>
    NotRecord,

    /// <summary>A bucket contains a bucket, or the root bucket contains a value.</summary>
    NestedBucket,

    /// <summary>The database is outside a limit of the format (<c>docs/spec/increments.md</c>).</summary>
    LimitExceeded,
}
