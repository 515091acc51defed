using EtcdBackupAgent.Archive.Hashing;

namespace EtcdBackupAgent.Core.Documents;

/// <summary>
/// The place of a snapshot among those of its policy and cluster (<c>docs/spec/signatures.md</c>, "Fields of the
/// manifest"). With it a reader notices that a snapshot is missing.
/// </summary>
public sealed record ChainLink
{
    /// <summary>The number of hexadecimal digits of <see cref="Id"/>.</summary>
    public const int IdLength = 16;

    /// <summary>The chain: lower-case hexadecimal digits, drawn at random.</summary>
    public required string Id { get; init; }

    /// <summary>1 for the first snapshot of the chain; otherwise 1 more than the highest before it.</summary>
    public required int Number { get; init; }

    /// <summary>The snapshot with the highest number before it; null for the first.</summary>
    public ChainPredecessor? Previous { get; init; }

    /// <summary>The list of the snapshots of the chain that exist.</summary>
    public required ChainRoster Roster { get; init; }
}

/// <summary>The snapshot before another in its chain.</summary>
public sealed record ChainPredecessor
{
    /// <summary>Its ID.</summary>
    public required SnapshotId Id { get; init; }

    /// <summary>The <see cref="SnapshotManifest.DocumentSha256"/> of its manifest.</summary>
    public required Sha256Digest ManifestSha256 { get; init; }
}

/// <summary>Names the bytes of the roster, which is a file beside the manifest.</summary>
public sealed record ChainRoster
{
    /// <summary>The number of its entries.</summary>
    public required int Count { get; init; }

    /// <summary>The digest of its bytes.</summary>
    public required Sha256Digest Sha256 { get; init; }
}
