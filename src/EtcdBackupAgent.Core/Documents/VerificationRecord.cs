using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using EtcdBackupAgent.Archive.Hashing;
using EtcdBackupAgent.Snapshots.Verification;

namespace EtcdBackupAgent.Core.Documents;

/// <summary>
/// <c>verification-….json</c>: the result of a deep verification. It is stored beside the manifest, which never
/// changes. Fields: <c>docs/spec/repository.md</c>.
/// </summary>
public sealed record VerificationRecord : IRepositoryDocument
{
    /// <inheritdoc />
    public required int FormatVersion { get; init; }

    /// <summary>The snapshot that was verified.</summary>
    public required SnapshotId Id { get; init; }

    /// <summary>
    /// The <see cref="SnapshotManifest.DocumentSha256"/> of the manifest that was used for the verification. The record
    /// is valid for this manifest only.
    /// </summary>
    public required Sha256Digest ManifestSha256 { get; init; }

    /// <summary>When the verification started, by the verifier's clock.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>When the last check ended, by the verifier's clock; part of the record's name.</summary>
    public required DateTimeOffset CompletedAt { get; init; }

    /// <summary>The version of the agent that verified.</summary>
    public required string AgentVersion { get; init; }

    /// <summary>The result of all checks together.</summary>
    public required VerificationResult Result { get; init; }

    /// <summary>One check for each <see cref="VerifiedPart"/>, in their order.</summary>
    public required IReadOnlyList<VerificationCheck> Checks { get; init; }

    /// <inheritdoc />
    public Sha256Digest DocumentSha256 { get; init; }

    /// <inheritdoc cref="SnapshotManifest.UnknownFields"/>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? UnknownFields { get; set; }

    /// <inheritdoc cref="SnapshotManifest.Utf8"/>
    [JsonIgnore]
    internal ReadOnlyMemory<byte> Utf8 { get; init; }

    /// <summary>Returns the record as it is stored, with all its fields.</summary>
    public JsonObject ToJson() => RepositoryJson.Tree(Utf8);
}

/// <summary>The result of one check of a deep verification.</summary>
public sealed record VerificationCheck
{
    /// <summary>What was checked.</summary>
    public required VerifiedPart Part { get; init; }

    /// <summary>Whether it is sound, or could not be checked.</summary>
    public required CheckResult Result { get; init; }

    /// <summary>What was counted, or why the check was not made; one sentence without a full stop.</summary>
    public required string Detail { get; init; }

    /// <summary>The faults that were found; empty unless the check failed.</summary>
    public required IReadOnlyList<string> Problems { get; init; }
}

/// <summary>The result of a deep verification.</summary>
public enum VerificationResult
{
    /// <summary>No check failed.</summary>
    Sound,

    /// <summary>At least one check failed.</summary>
    Damaged,
}

/// <summary>The parts that a deep verification checks, from the outside inwards.</summary>
public enum VerifiedPart
{
    /// <summary>
    /// The stored objects: sizes and digests, outside and inside their layers, and the SHA-256 that etcd appended.
    /// </summary>
    Transfer,

    /// <inheritdoc cref="CheckedPart.Pages"/>
    Pages,

    /// <inheritdoc cref="CheckedPart.Revisions"/>
    Revisions,

    /// <inheritdoc cref="CheckedPart.HashKv"/>
    HashKv,

    /// <summary>Every entry of the certificates' tar.</summary>
    Certificates,

    /// <summary>Every line of the objects that were read through an API server.</summary>
    Objects,
}
