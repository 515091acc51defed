using System.Text.Json;
using System.Text.Json.Serialization;
using EtcdBackupAgent.Archive.Hashing;

namespace EtcdBackupAgent.Core.Documents;

/// <summary>
/// <c>statements/….json</c>: says about snapshots what their manifests, which never change, cannot say. Fields:
/// <c>docs/spec/signatures.md</c>.
/// </summary>
public sealed record Statement : IRepositoryDocument
{
    /// <summary>The maximum length of <see cref="By"/> and of <see cref="Reason"/>, in characters.</summary>
    public const int TextLengthMax = 1024;

    /// <inheritdoc />
    public required int FormatVersion { get; init; }

    /// <summary>The repository that it was made for.</summary>
    public required string RepositoryId { get; init; }

    /// <summary>What it says.</summary>
    public required StatementKind Kind { get; init; }

    /// <summary>When it was made, by the writer's clock.</summary>
    public required DateTimeOffset MadeAt { get; init; }

    /// <summary>Who made it, in the words of the user; null if that was not said.</summary>
    public string? By { get; init; }

    /// <summary>Why it was made, in the words of the user; null if that was not said.</summary>
    public string? Reason { get; init; }

    /// <summary>The version of the agent that wrote it.</summary>
    public required string AgentVersion { get; init; }

    /// <summary>What it is about.</summary>
    public required IReadOnlyList<StatedSnapshot> Snapshots { get; init; }

    /// <inheritdoc />
    public Sha256Digest DocumentSha256 { get; init; }

    /// <inheritdoc cref="SnapshotManifest.UnknownFields"/>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? UnknownFields { get; set; }
}

/// <summary>A snapshot that a statement is about.</summary>
public sealed record StatedSnapshot
{
    /// <summary>Its ID.</summary>
    public required SnapshotId Id { get; init; }

    /// <summary>
    /// The <see cref="SnapshotManifest.DocumentSha256"/> of its manifest; null if the manifest could not be read.
    /// </summary>
    public Sha256Digest? ManifestSha256 { get; init; }

    /// <summary>Its chain; null if it is in none.</summary>
    public string? Chain { get; init; }

    /// <summary>Its number in the chain; null if it is in none.</summary>
    public int? Number { get; init; }

    /// <summary>Whether this is about a manifest.</summary>
    internal bool IsOf(SnapshotId id, Sha256Digest manifestSha256) => Id == id && ManifestSha256 == manifestSha256;

    internal static StatedSnapshot Of(SnapshotManifest manifest) => new()
    {
        Id = manifest.Id,
        ManifestSha256 = manifest.DocumentSha256,
        Chain = manifest.Chain?.Id,
        Number = manifest.Chain?.Number,
    };
}

/// <summary>What a statement says.</summary>
public enum StatementKind
{
    /// <summary>The snapshots are about to be removed, by retention or by a user.</summary>
    [JsonStringEnumMemberName("retired")]
    Retired,

    /// <summary>The snapshots are missing, and a user has accepted that.</summary>
    [JsonStringEnumMemberName("accepted")]
    Accepted,

    /// <summary>The snapshots are older than the first signers, and count as if they were signed.</summary>
    [JsonStringEnumMemberName("adopted")]
    Adopted,

    /// <summary>Retention does not remove the snapshots.</summary>
    [JsonStringEnumMemberName("held")]
    Held,

    /// <summary>The snapshots are known to be bad.</summary>
    [JsonStringEnumMemberName("excluded")]
    Excluded,

    /// <summary>Takes back every earlier <see cref="Held"/> and <see cref="Excluded"/>.</summary>
    [JsonStringEnumMemberName("released")]
    Released,
}
