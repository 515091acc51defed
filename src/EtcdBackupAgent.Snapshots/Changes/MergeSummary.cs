using EtcdBackupAgent.Archive.Hashing;

namespace EtcdBackupAgent.Snapshots.Changes;

/// <summary>The result of merging a base and changes.</summary>
public sealed record MergeSummary
{
    /// <summary>The records that came from the base.</summary>
    public required long KeptRecords { get; init; }

    /// <summary>The records that came from the changes.</summary>
    public required long NewRecords { get; init; }

    /// <summary>The digest of the content, which is the one that the changes require.</summary>
    public required Sha256Digest Content { get; init; }

    /// <summary>The size of the written database; 0 if none was written.</summary>
    public required long DatabaseBytes { get; init; }
}
