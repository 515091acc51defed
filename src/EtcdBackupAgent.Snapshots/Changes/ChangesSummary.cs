using EtcdBackupAgent.Archive.Hashing;
using EtcdBackupAgent.Snapshots.Revisions;
using EtcdBackupAgent.Snapshots.Verification;

namespace EtcdBackupAgent.Snapshots.Changes;

/// <summary>The result of writing the changes of a database.</summary>
public sealed record ChangesSummary
{
    /// <summary>The records up to R0 that still exist; only their keys were written.</summary>
    public required long KeptRecords { get; init; }

    /// <summary>The records after R0, which were written completely.</summary>
    public required long NewRecords { get; init; }

    /// <summary>The highest revision of the database, of a record or of a compaction; at least 1.</summary>
    public required long LastRevision { get; init; }

    /// <summary>How far the history is compacted.</summary>
    public required Compaction Compaction { get; init; }

    /// <summary>
    /// HashKV of all records under the database's own compaction, as computed. It is not a response of a member.
    /// </summary>
    public required HashKv ComputedHashKv { get; init; }

    /// <summary>The digest of the content of the database.</summary>
    public required Sha256Digest Content { get; init; }

    /// <summary>The size of the changes.</summary>
    public required long SizeBytes { get; init; }
}
