using System.CommandLine;
using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Configuration;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Keys;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Secrets;

namespace EtcdBackupAgent.Commands.Keys;

/// <summary>
/// The options that open an encrypted repository. Reads the files that they name, and returns the opened keys.
/// </summary>
/// <param name="time">The clock that dates opened keys.</param>
internal sealed class KeyOptions(TimeProvider time)
{
    /// <summary>The environment variable that can name the identity file.</summary>
    public const string IdentityFileVariable = "ETCD_BACKUP_IDENTITY_FILE";

    private readonly Option<string?> _passphraseFile = new("--passphrase-file")
    {
        Description = "File with the repository's passphrase (default: the environment variable "
            + $"{PassphraseText.Variable}, then the location's Secret with --resources, then the terminal).",
        HelpName = "FILE",
    };

    private readonly Option<string?> _identityFile = new("--identity-file")
    {
        Description = "File with an age identity of one of the repository's recipients, as age-keygen writes it "
            + $"(default: the file that the environment variable {IdentityFileVariable} names).",
        HelpName = "FILE",
    };

    public void AddTo(Command verb)
    {
        verb.Add(_passphraseFile);
        verb.Add(_identityFile);
    }

    /// <summary>Reads and opens the given keys.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="opened">
    /// The repository. If it is not encrypted, no key is needed. The location that names it can provide the passphrase.
    /// </param>
    /// <param name="required">
    /// Whether to ask on the terminal, and to fail without a key; otherwise the result can be empty.
    /// </param>
    /// <param name="cancellationToken">A cancelled call leaves no key open.</param>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.KeyRefused"/>, <see cref="FailureReason.InvalidInput"/>.
    /// </exception>
    public async Task<OpenedKeys> ReadAsync(
        ParseResult parsed, OpenedRepository opened, bool required, CancellationToken cancellationToken)
    {
        if (opened.Repository.Document.Encryption.Kind == ArtifactEncryption.None)
        {
            return new OpenedKeys([]);
        }

        // 1. identities that the owner keeps
        string? identityFile = parsed.GetValue(_identityFile)
            ?? (Environment.GetEnvironmentVariable(IdentityFileVariable) is { } path
                ? SecretText.WithoutLineEnd(path)
                : null);
        if (identityFile is not null)
        {
            // The snapshot decides whether they fit, not repository.json, which an attacker may have changed.
            return new OpenedKeys(ReadIdentities(identityFile, () => ReadPassphrase(parsed, opened.Choice)));
        }

        // 2. the repository's own key, opened by a passphrase
        using AgePassphrase? passphrase = ReadPassphrase(parsed, opened.Choice)
            ?? (required ? PassphraseText.Ask("Passphrase of the repository: ") : null);
        if (passphrase is not null)
        {
            RepositoryKeys keys = new(opened.Repository, time);
            return await keys.OpenAsync(passphrase, cancellationToken);
        }

        // 3. nothing
        return !required
            ? new OpenedKeys([])
            : throw new BackupException(
                FailureReason.KeyRefused, $"The repository at {opened.Address} is encrypted, and no key was given.")
            {
                Hint = $"Add --passphrase-file FILE, or --identity-file FILE, or set {PassphraseText.Variable}.",
            };
    }

    /// <summary>
    /// The passphrase of the option, of the environment or of the location's Secret; null if there is none.
    /// </summary>
    public AgePassphrase? ReadPassphrase(ParseResult parsed, RepositoryChoice choice) =>
        parsed.GetValue(_passphraseFile) is { } file ? PassphraseText.OfFile("--passphrase-file", file)
            : PassphraseText.OfEnvironment()
                ?? (choice is ResourceRepository { Location.Encryption: PassphraseLocation location } repository
                    ? PassphraseText.OfSecret(location, repository.Resources)
                    : null);

    private static IReadOnlyList<AgeIdentity> ReadIdentities(string path, Func<AgePassphrase?> passphrase)
    {
        byte[] bytes = InputFile.ReadBytes("--identity-file", path);
        try
        {
            return AgeIdentityFile.Parse(new MemoryStream(bytes));
        }
        catch (AgeException e) when (e.Failure == AgeFailure.IdentityFileEncrypted)
        {
            using AgePassphrase? filePassphrase = passphrase() ?? PassphraseText.Ask($"Passphrase of {path}: ");
            return filePassphrase is null
                ? throw Unusable(path, e)
                : ReadEncryptedIdentities(path, bytes, filePassphrase);
        }
        catch (AgeException e)
        {
            throw Unusable(path, e);
        }
        finally
        {
            System.Security.Cryptography.CryptographicOperations.ZeroMemory(bytes);
        }
    }

    private static IReadOnlyList<AgeIdentity> ReadEncryptedIdentities(
        string path,
        byte[] bytes,
        AgePassphrase passphrase)
    {
        try
        {
            using AgeDecryptionStream file = new(new MemoryStream(bytes), [passphrase]);
            return AgeIdentityFile.Parse(file);
        }
        catch (AgeException e)
        {
            throw Unusable(path, e);
        }
    }

    private static BackupException Unusable(string path, AgeException e) =>
        new(FailureReason.KeyRefused, $"--identity-file {path} cannot be used: {e.Message}", e)
        {
            Hint = "It must contain a line AGE-SECRET-KEY-1… or AGE-SECRET-KEY-PQ-1…, as age-keygen writes it.",
        };
}
