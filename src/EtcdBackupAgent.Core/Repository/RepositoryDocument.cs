using System.Text.Json;
using System.Text.Json.Serialization;
using EtcdBackupAgent.Archive.Hashing;

namespace EtcdBackupAgent.Core.Repository;

/// <summary><c>repository.json</c>: that this is a repository, which one, and how it is protected.</summary>
public sealed record RepositoryDocument : IRepositoryDocument
{
    public required int FormatVersion { get; init; }

    /// <summary>32 hexadecimal digits, drawn at random.</summary>
    public required string Id { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required RepositoryEncryption Encryption { get; init; }

    public Sha256Digest DocumentSha256 { get; init; }

    /// <inheritdoc cref="SnapshotManifest.UnknownFields"/>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? UnknownFields { get; set; }
}

/// <summary>How the artifacts of a repository are encrypted.</summary>
public sealed record RepositoryEncryption
{
    public required ArtifactEncryption Kind { get; init; }

    /// <summary>Public keys that backups are encrypted to; empty with <see cref="ArtifactEncryption.None"/>.</summary>
    public required IReadOnlyList<string> Recipients { get; init; }
}

/// <summary>What both JSON documents of a repository begin and end with.</summary>
public interface IRepositoryDocument
{
    /// <summary>The version of the format that the writer followed.</summary>
    int FormatVersion { get; }

    /// <summary>The document's own digest, as <c>docs/spec/repository.md</c> defines it.</summary>
    Sha256Digest DocumentSha256 { get; }
}
