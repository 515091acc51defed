namespace EtcdBackupAgent.Snapshots.Verification;

/// <summary>
/// etcd's hash of all keys and values up to a revision, as <c>Maintenance.HashKV</c> returns it: a CRC-32C, together
/// with the compacted revision, which is needed to compute it again.
/// </summary>
public sealed record HashKv
{
    /// <summary>The revision up to which records count.</summary>
    public required long Revision { get; init; }

    /// <summary>The CRC-32C.</summary>
    public required uint Hash { get; init; }

    /// <summary>The member's compacted revision when it responded; -1 if there was no compaction.</summary>
    public required long CompactRevision { get; init; }
}
