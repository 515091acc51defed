using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using EtcdBackupAgent.Archive.Hashing;
using EtcdBackupAgent.Snapshots.Verification;

namespace EtcdBackupAgent.Core.Documents;

/// <summary>
/// <c>verification-….json</c>: what a deep verification found. It lies beside the manifest, which never changes. Fields:
/// <c>docs/spec/repository.md</c>.
/// </summary>
public sealed record VerificationRecord : IRepositoryDocument
{
    public required int FormatVersion { get; init; }

    /// <summary>The snapshot that was verified.</summary>
    public required SnapshotId Id { get; init; }

    /// <summary>The <see cref="SnapshotManifest.DocumentSha256"/> of the manifest by which it was verified; of no other does this speak.</summary>
    public required Sha256Digest ManifestSha256 { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public required DateTimeOffset CompletedAt { get; init; }

    public required string AgentVersion { get; init; }

    public required VerificationResult Result { get; init; }

    /// <summary>One for each <see cref="VerifiedPart"/>, in their order.</summary>
    public required IReadOnlyList<VerificationCheck> Checks { get; init; }

    public Sha256Digest DocumentSha256 { get; init; }

    /// <inheritdoc cref="SnapshotManifest.UnknownFields"/>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? UnknownFields { get; set; }

    /// <inheritdoc cref="SnapshotManifest.Utf8"/>
    [JsonIgnore]
    internal ReadOnlyMemory<byte> Utf8 { get; init; }

    /// <summary>The record as it is stored, with all its fields.</summary>
    public JsonObject ToJson() => RepositoryJson.Tree(Utf8);
}

/// <summary>One thing that a deep verification looked at.</summary>
public sealed record VerificationCheck
{
    public required VerifiedPart Part { get; init; }

    public required CheckResult Result { get; init; }

    /// <summary>What was counted, or why it was not checked, as one sentence without a full stop.</summary>
    public required string Detail { get; init; }

    /// <summary>What is wrong; empty unless the check failed.</summary>
    public required IReadOnlyList<string> Problems { get; init; }
}

public enum VerificationResult
{
    /// <summary>Nothing that was checked is wrong.</summary>
    Sound,

    /// <summary>At least one check failed.</summary>
    Damaged,
}

/// <summary>What a deep verification looks at, from the outside inwards.</summary>
public enum VerifiedPart
{
    /// <summary>The stored objects: sizes and digests, outside and inside of their layers, and the SHA-256 that etcd appended.</summary>
    Transfer,

    /// <inheritdoc cref="CheckedPart.Pages"/>
    Pages,

    /// <inheritdoc cref="CheckedPart.Revisions"/>
    Revisions,

    /// <inheritdoc cref="CheckedPart.HashKv"/>
    HashKv,

    /// <summary>Every entry of the certificates' tar.</summary>
    Certificates,
}
