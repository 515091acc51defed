using System.Text.Json;
using System.Text.Json.Serialization;
using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Archive.Hashing;
using EtcdBackupAgent.Archive.Signatures;
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

    /// <summary>Which change of the document this is; null for the first one, <c>repository.json</c>.</summary>
    public int? Number { get; init; }

    /// <summary>The <see cref="DocumentSha256"/> of the document that this one replaces; null for the first.</summary>
    public Sha256Digest? PreviousSha256 { get; init; }

    /// <summary>
    /// The public keys whose signatures count, as <c>type base64</c>; null for a repository without signatures.
    /// </summary>
    public IReadOnlyList<string>? Signers { get; init; }

    /// <inheritdoc />
    public Sha256Digest DocumentSha256 { get; init; }

    /// <inheritdoc cref="SnapshotManifest.UnknownFields"/>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? UnknownFields { get; set; }

    /// <summary>Whether documents count only with a signature.</summary>
    [JsonIgnore]
    public bool HasSigners => Signers is { Count: > 0 };

    /// <summary>
    /// Returns the document with the lowest format version that an agent must know to use the repository.
    /// </summary>
    internal RepositoryDocument WithFormatVersion() => this with
    {
        FormatVersion = Number is null && FormatVersion != RepositoryJson.SignedFormatVersion && !HasSigners
            ? Encryption.FormatVersion
            : RepositoryJson.SignedFormatVersion,
    };

    /// <summary>Rejects settings that this agent never writes.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.DataDamaged"/>.</exception>
    internal void Validate(string what)
    {
        Encryption.Validate(what);
        foreach (string text in Signers ?? [])
        {
            if (!SshPublicKey.TryParse(text, out _))
            {
                throw new BackupException(
                    FailureReason.DataDamaged, $"{what} is damaged: one of its signers is not a public key of SSH.");
            }
        }
    }
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

    /// <summary>
    /// The format version of a document with this encryption: an agent that does not know post-quantum recipients
    /// refuses the whole repository.
    /// </summary>
    internal int FormatVersion => Recipients.Select(AgeRecipient.Parse).Any(r => r.IsPostQuantum)
        ? RepositoryJson.SignedFormatVersion
        : RepositoryJson.FormatVersion;

    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/>: some recipients are post-quantum and others are not.
    /// </exception>
    internal static RepositoryEncryption To(IReadOnlyList<AgeRecipient> recipients)
    {
        if (AgeRecipient.AreMixed(recipients))
        {
            throw new BackupException(
                FailureReason.InvalidInput,
                "A repository cannot encrypt both to post-quantum recipients (age1pq1…) and to others (age1…): anyone "
                + "who can break X25519 could open every backup.")
            {
                Hint = "Give recipients of one kind. 'etcd-backup-agent key replace-recipients' replaces all "
                    + "recipients of a repository at once.",
            };
        }

        return new RepositoryEncryption
        {
            Kind = ArtifactEncryption.Age,
            Recipients = [.. recipients.Select(r => r.ToString())],
        };
    }

    /// <summary>
    /// Rejects settings that this agent never writes: encryption without a recipient, an invalid recipient, or
    /// recipients of several kinds.
    /// </summary>
    /// <exception cref="BackupException"><see cref="FailureReason.DataDamaged"/>.</exception>
    internal void Validate(string what)
    {
        if (Recipients.FirstOrDefault(r => !AgeRecipient.TryParse(r, out _)) is { } wrong)
        {
            throw new BackupException(
                FailureReason.DataDamaged,
                $"{what} is damaged: '{AgeRecipient.Abbreviate(wrong)}' is not an age recipient.");
        }

        if (AgeRecipient.AreMixed(Recipients.Select(AgeRecipient.Parse)))
        {
            throw new BackupException(
                FailureReason.DataDamaged,
                $"{what} is damaged: some of its recipients are post-quantum (age1pq1…) and others are not.");
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
