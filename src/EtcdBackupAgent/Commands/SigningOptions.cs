using System.CommandLine;
using EtcdBackupAgent.Archive.Signatures;
using EtcdBackupAgent.Configuration;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Keys;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Secrets;
using EtcdBackupAgent.Core.Signatures;
using EtcdBackupAgent.Resources.Directories;

namespace EtcdBackupAgent.Commands;

/// <summary>The options about the signatures of a repository.</summary>
/// <param name="time">Keys that a user trusts can be limited to a time.</param>
internal sealed class SigningOptions(TimeProvider time)
{
    /// <summary>The environment variable that can name the file of the signing key.</summary>
    public const string KeyFileVariable = "ETCD_BACKUP_SIGNING_KEY_FILE";

    private readonly Option<string?> _signer = new("--signer")
    {
        Description = "File with the public keys to trust, as ssh-keygen's allowed_signers or as .pub (default: those "
            + "of the location or its pin, then those that the repository lists, which are not proven).",
        HelpName = "FILE",
    };

    private readonly Option<string?> _key = new("--signing-key")
    {
        Description = "File with the private key of one of the repository's signers, if it has signers (default: the "
            + $"file that the environment variable {KeyFileVariable} names, then the location's Secret).",
        HelpName = "FILE",
    };

    private readonly Option<bool> _allowUnsigned = new("--allow-unsigned")
    {
        Description = "Also read a snapshot that no trusted key signed, although the repository has signers.",
    };

    /// <summary>Adds the options that every verb has.</summary>
    public void AddTo(Command verb) => verb.Add(_signer);

    /// <summary>Adds the option of a verb that writes or removes documents.</summary>
    public void AddKeyTo(Command verb) => verb.Add(_key);

    /// <summary>Adds the option of a verb that reads snapshots.</summary>
    public void AddAllowanceTo(Command verb) => verb.Add(_allowUnsigned);

    /// <summary>Reads the options.</summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/>: a file cannot be read, or contains no key.
    /// </exception>
    public async Task<DocumentSigning> ReadAsync(
        ParseResult parsed, RepositoryChoice choice, CancellationToken cancellationToken)
    {
        DocumentSigning ofLocation = choice is ResourceRepository documents
            ? await OfLocationAsync(documents, cancellationToken)
            : DocumentSigning.None;
        return new DocumentSigning
        {
            Key = ReadKey(parsed) ?? ofLocation.Key,
            Pinned = parsed.GetValue(_signer) is { } file
                ? new TrustedSigners(ReadSigners("--signer", file), isPinned: true, time.GetUtcNow())
                : ofLocation.Pinned,
            AllowsUnsigned = parsed.GetValue(_allowUnsigned),
        };
    }

    /// <summary>Reads the private key; null if none is given.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>.</exception>
    private SigningKey? ReadKey(ParseResult parsed)
    {
        (string source, string? file) = parsed.GetValue(_key) is { } given
            ? ("--signing-key", given)
            : (KeyFileVariable, Environment.GetEnvironmentVariable(KeyFileVariable));
        return string.IsNullOrEmpty(file)
            ? null
            : LocationSigning.ReadKey(
                InputFile.ReadBytes(source, SecretText.WithoutLineEnd(file)), $"{source} {file}");
    }

    /// <summary>Reads a file of public keys.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>.</exception>
    public static IReadOnlyList<AllowedSigner> ReadSigners(string option, string file)
    {
        try
        {
            return AllowedSigners.Read(InputFile.ReadText(option, file));
        }
        catch (SignatureException e)
        {
            throw new BackupException(FailureReason.InvalidInput, $"{option} {file} {e.Message}.", e)
            {
                Hint = "It must contain lines such as 'agent ecdsa-sha2-nistp256 AAAA…', or public keys alone.",
            };
        }
    }

    private static async Task<DocumentSigning> OfLocationAsync(
        ResourceRepository documents, CancellationToken cancellationToken)
    {
        DocumentSigning signing = LocationSigning.Of(documents.Location, documents.Resources);
        if (signing.Pinned is not null)
        {
            return signing;
        }

        PinnedRecipients? pin = await new DirectoryRecipientPins(documents.Directory)
            .ReadAsync(documents.Location.Name, cancellationToken);
        return pin is { Signers.Count: > 0 }
            ? signing with { Pinned = TrustedSigners.Of(pin.Signers, isPinned: true) }
            : signing;
    }
}
