using System.Text.Json;
using System.Text.Json.Serialization;
using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Archive.Signatures;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Resources.Binding;

namespace EtcdBackupAgent.Resources.Directories;

/// <summary>The content of a pin's file, as JSON; see <c>docs/policies.md</c>, "Pinned recipients".</summary>
internal sealed record RecipientPinFile
{
    /// <summary>The format version that is written, and the only one that is read.</summary>
    public const int SupportedFormatVersion = 1;

    public required int FormatVersion { get; init; }

    public required string RepositoryId { get; init; }

    public required IReadOnlyList<string> Recipients { get; init; }

    /// <summary>Null for none, as agents wrote it that did not know signers.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Signers { get; init; }

    public required DateTimeOffset PinnedAt { get; init; }

    public static byte[] Write(PinnedRecipients pin) => JsonSerializer.SerializeToUtf8Bytes(
        new RecipientPinFile
        {
            FormatVersion = SupportedFormatVersion,
            RepositoryId = pin.RepositoryId,
            Recipients = pin.Recipients,
            Signers = pin.Signers.Count > 0 ? pin.Signers : null,
            PinnedAt = pin.PinnedAt.ToUniversalTime(),
        },
        RecipientPinJson.Default.RecipientPinFile);

    /// <exception cref="JsonException">The content is not a valid pin; the message gives the reason.</exception>
    public static PinnedRecipients Read(ReadOnlySpan<byte> utf8)
    {
        RecipientPinFile file = JsonSerializer.Deserialize(utf8, RecipientPinJson.Default.RecipientPinFile)
            ?? throw new JsonException("it contains only null");
        if (file.FormatVersion != SupportedFormatVersion)
        {
            throw new JsonException(
                $"formatVersion is {file.FormatVersion}; this agent knows {SupportedFormatVersion}");
        }

        if (file.RepositoryId.Length == 0)
        {
            throw new JsonException("repositoryId is empty");
        }

        // The deserializer accepts nulls in a list, although its type does not allow them.
        foreach (string? text in file.Recipients.Where(text => !AgeRecipient.TryParse(text, out _)))
        {
            throw new JsonException(
                text is null ? "a recipient is null" : $"{ResourceProblems.Quote(text)} is not a recipient");
        }

        foreach (string? text in (file.Signers ?? []).Where(
            text => text is null || !SshPublicKey.TryParse(text, out _)))
        {
            throw new JsonException(
                text is null ? "a signer is null" : $"{ResourceProblems.Quote(text)} is not a public key of SSH");
        }

        return new PinnedRecipients
        {
            RepositoryId = file.RepositoryId,
            Recipients = file.Recipients,
            Signers = file.Signers ?? [],
            PinnedAt = file.PinnedAt,
        };
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    AllowDuplicateProperties = false,
    RespectNullableAnnotations = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    WriteIndented = true,
    NewLine = "\n")]
[JsonSerializable(typeof(RecipientPinFile))]
internal sealed partial class RecipientPinJson : JsonSerializerContext;
