namespace EtcdBackupAgent.Snapshots.Changes;

/// <summary>What changes say before their buckets.</summary>
internal sealed record ChangesHeader
{
    /// <summary>The full snapshot to which the changes belong.</summary>
    public required ChangesBase Base { get; init; }

    /// <summary>The page size of the database that the changes describe, and of the restored one.</summary>
    public required int PageSizeBytes { get; init; }

    /// <summary>The sequence of the bucket <c>key</c>.</summary>
    public required ulong KeySequence { get; init; }

    /// <summary>The number of buckets besides <c>key</c>.</summary>
    public required int Buckets { get; init; }
}
