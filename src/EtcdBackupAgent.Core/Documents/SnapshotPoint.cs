namespace EtcdBackupAgent.Core.Documents;

/// <summary>
/// The earlier state in a snapshot that it was made for (<c>docs/spec/repository.md</c>, "Restore point").
/// </summary>
public sealed record SnapshotPoint
{
    /// <summary>A revision of etcd, at most that of the snapshot.</summary>
    public required long Revision { get; init; }

    /// <summary>Why, as one line; null for no reason.</summary>
    public string? Reason { get; init; }
}
