using System.Text.Json;
using System.Text.Json.Serialization;
using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Archive.Hashing;
using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Core.Documents;

/// <summary><c>repository.json</c>: marks a repository, identifies it and states how it is protected.</summary>
public sealed record RepositoryDocument : IRepositoryDocument
{
    /// <inheritdoc />
    public required int FormatVersion { get; init; }

    /// <summary>32 hexadecimal digits, drawn at random.</summary>
    public required string Id { get; init; }

    /// <summary>When the repository was created, by the clock of the machine that did it.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>How new backups are protected; each manifest states how its own artifacts are.</summary>
    public required RepositoryEncryption Encryption { get; init; }

    /// <inheritdoc />
    public Sha256Digest DocumentSha256 { get; init; }

    /// <inheritdoc cref="SnapshotManifest.UnknownFields"/>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? UnknownFields { get; set; }
}

/// <summary>How the artifacts of a repository are encrypted.</summary>
public sealed record RepositoryEncryption
{
    /// <summary>The encryption of new artifacts.</summary>
    public required ArtifactEncryption Kind { get; init; }

    /// <summary>Public keys that backups are encrypted to; empty with <see cref="ArtifactEncryption.None"/>.</summary>
    public required IReadOnlyList<string> Recipients { get; init; }

    /// <inheritdoc cref="SnapshotManifest.UnknownFields"/>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? UnknownFields { get; set; }

    internal static RepositoryEncryption To(IEnumerable<AgeRecipient> recipients) => new()
    {
        Kind = ArtifactEncryption.Age,
        Recipients = [.. recipients.Select(r => r.ToString())],
    };

    /// <summary>
    /// Rejects settings that this agent never writes: encryption without a recipient, or an invalid recipient.
    /// </summary>
    /// <exception cref="BackupException"><see cref="FailureReason.DataDamaged"/>.</exception>
    internal void Validate(string what)
    {
        if (Recipients.FirstOrDefault(r => !AgeRecipient.TryParse(r, out _)) is { } wrong)
        {
            throw new BackupException(
                FailureReason.DataDamaged, $"{what} is damaged: '{wrong}' is not an age recipient.");
        }

        if ((Kind == ArtifactEncryption.Age) != (Recipients.Count > 0))
        {
            throw new BackupException(
                FailureReason.DataDamaged,
                $"{what} is damaged: its encryption is {Kind}, but it has {Recipients.Count} recipients.");
        }
    }
}

/// <summary>The first and the last field of every JSON document of a repository.</summary>
public interface IRepositoryDocument
{
    /// <summary>The version of the format that the writer followed.</summary>
    int FormatVersion { get; }

    /// <summary>The document's own digest, as <c>docs/spec/repository.md</c> defines it.</summary>
    Sha256Digest DocumentSha256 { get; }
}
