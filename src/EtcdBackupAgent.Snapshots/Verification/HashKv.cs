namespace EtcdBackupAgent.Snapshots.Verification;

/// <summary>
/// etcd's hash of all keys and values up to a revision, as <c>Maintenance.HashKV</c> answers it: CRC-32C, together with the compaction it
/// was computed under, without which it cannot be computed again.
/// </summary>
public sealed record HashKv
{
    /// <summary>Revision up to which records count.</summary>
    public required long Revision { get; init; }

    public required uint Hash { get; init; }

    /// <summary>The member's compacted revision when it answered; -1 if nothing was ever compacted.</summary>
    public required long CompactRevision { get; init; }
}
