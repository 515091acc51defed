using System.CommandLine;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Archive.Signatures;
using EtcdBackupAgent.Composition;
using EtcdBackupAgent.Configuration;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Keys;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Signatures;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Resources.Directories;
using Spectre.Console;

namespace EtcdBackupAgent.Commands;

/// <summary><c>init</c>: creates a repository, with the protection that the user chooses.</summary>
internal sealed class InitCommand(LogOptions logs, Wiring wiring)
{
    private readonly RepositoryOptions _repository = new(logs, wiring);
    private readonly OutputOptions _output = new();

    private readonly Option<string?> _passphraseFile = new("--passphrase-file")
    {
        Description = "Encrypt to a new key, which the repository stores encrypted with the passphrase in this file. "
            + "Backups do not need the passphrase; restores do. Without it, the backups are lost.",
        HelpName = "FILE",
    };

    private readonly Option<string[]> _recipients = new("--recipient")
    {
        Description = "Encrypt to this age recipient (age1…); can be repeated. The owner of the recipient keeps the "
            + "identity; the repository contains no key.",
        HelpName = "AGE1…",
    };

    private readonly Option<bool> _postQuantum = new("--post-quantum")
    {
        Description = "With a passphrase: make the new key post-quantum (ML-KEM-768 and X25519). Agents and versions "
            + "of age that do not know such keys cannot read the repository.",
    };

    private readonly Option<string?> _newSigningKey = new("--new-signing-key")
    {
        Description = "Make a key that the agent signs its documents with, and write it to this new file. Then nothing "
            + "counts that is not signed.",
        HelpName = "FILE",
    };

    private readonly Option<bool> _unencrypted = new("--unencrypted")
    {
        Description = "Do not encrypt. A snapshot contains every Secret of the cluster: read access to the repository "
            + "is enough to read them.",
    };

    public static Command Create(LogOptions logs, Wiring wiring)
    {
        InitCommand init = new(logs, wiring);
        Command verb = new("init", "Create a repository in a directory or a bucket; a missing bucket is created too.");
        init._repository.AddSigningTo(verb);
        verb.Add(init._passphraseFile);
        verb.Add(init._recipients);
        verb.Add(init._postQuantum);
        verb.Add(init._unencrypted);
        verb.Add(init._newSigningKey);
        init._output.AddTo(verb);
        verb.SetAction(init.ExecuteAsync);
        return verb.WithExample(
            "etcd-backup-agent init --repository file:///var/backups/etcd --passphrase-file /root/backup-passphrase\n"
            + "etcd-backup-agent init --resources /etc/etcd-backup-agent --location remote-minio");
    }

    private async Task<int> ExecuteAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        RepositoryChoice choice = await _repository.ReadAsync(parsed, cancellationToken);
        RepositoryProtection protection = choice is ResourceRepository repository
            ? ProtectionOfLocation(parsed, repository)
            : ProtectionOfOptions(parsed);
        using AgePassphrase? passphrase = (protection as PassphraseProtection)?.Passphrase;
        if (parsed.GetValue(_postQuantum))
        {
            protection = protection is PassphraseProtection own
                ? own with { PostQuantum = true }
                : throw new BackupException(
                    FailureReason.InvalidInput, "--post-quantum is given, but the repository has no passphrase.")
                {
                    Hint = "Without a passphrase the recipients decide: 'age-keygen -pq' makes a post-quantum one.",
                };
        }

        protection = protection with { Signers = await ReadSignersAsync(parsed, choice, cancellationToken) };
        using IObjectStore store = wiring.Store(choice, logs.Loggers(parsed));
        BackupRepository created = await BackupRepository.InitAsync(store, protection, wiring.Time, cancellationToken);
        if (choice is ResourceRepository { Directory: { } directory, Location: { } location })
        {
            await new ProtectionCheck(new DirectoryRecipientPins(directory), wiring.Time)
                .RequireAsync(created, location, cancellationToken);
        }

        IReadOnlyList<string> recipients = created.Document.Encryption.Recipients;
        _output.Write(
            parsed,
            new JsonObject
            {
                ["id"] = created.Document.Id,
                ["address"] = store.Address,
                ["encryption"] = $"{created.Document.Encryption.Kind}",
                ["recipients"] = new JsonArray([.. recipients.Select(r => JsonValue.Create(r))]),
                ["signers"] = new JsonArray([.. protection.Signers.Select(s => JsonValue.Create($"{s}"))]),
            },
            console =>
            {
                console.WriteLine(
                    $"Created repository {created.Document.Id} at {store.Address}, "
                    + (recipients.Count == 0
                        ? "not encrypted."
                        : $"encrypted to {string.Join(", ", recipients.Select(AgeRecipient.Abbreviate))}."));
                SignerText.Write(console, protection.Signers);
            });
        return ExitCodes.Success;
    }

    /// <summary>
    /// The signers of the new repository: those of the location or of --signer, and that of a new key or of the given
    /// one.
    /// </summary>
    private async Task<IReadOnlyList<SshPublicKey>> ReadSignersAsync(
        ParseResult parsed, RepositoryChoice choice, CancellationToken cancellationToken)
    {
        DocumentSigning signing = await _repository.ReadSigningAsync(parsed, choice, cancellationToken);
        List<SshPublicKey> signers = [.. (signing.Pinned?.Keys ?? []).Select(SshPublicKey.Parse)];
        if (signing.Key is { } key)
        {
            signers.Add(key.PublicKey);
        }

        if (parsed.GetValue(_newSigningKey) is { } file)
        {
            signers.Add(SigningKeyFile.Create("--new-signing-key", file));
        }

        return [.. signers.Distinct()];
    }

    private RepositoryProtection ProtectionOfLocation(ParseResult parsed, ResourceRepository repository)
    {
        if (new Option[] { _passphraseFile, _recipients, _unencrypted }.FirstOrDefault(IsGiven) is { } conflicting)
        {
            throw new BackupException(
                FailureReason.InvalidInput, $"{conflicting.Name} cannot be used with --resources.")
            {
                Hint = "The BackupLocation sets it, by spec.encryption or the passphrase in its Secret.",
            };
        }

        return LocationProtection.Of(
            repository.Location, secret => PassphraseText.OfSecret(secret, repository.Resources));

        bool IsGiven(Option option) => parsed.GetResult(option) is { Implicit: false };
    }

    private RepositoryProtection ProtectionOfOptions(ParseResult parsed)
    {
        string? file = parsed.GetValue(_passphraseFile);
        string[] recipients = parsed.GetValue(_recipients) ?? [];
        return (file, recipients, parsed.GetValue(_unencrypted)) switch
        {
            ({ } path, [], false) => new PassphraseProtection(PassphraseText.OfFile("--passphrase-file", path)),
            (null, [_, ..], false) => new RecipientProtection([.. recipients.Select(RecipientText.Parse).Distinct()]),
            (null, [], true) => new Unprotected(),
            _ => throw new BackupException(
                FailureReason.InvalidInput, "init needs exactly one way to protect the repository.")
            {
                Hint = "Add --passphrase-file FILE, or --recipient age1…, or --unencrypted.",
            },
        };
    }
}
