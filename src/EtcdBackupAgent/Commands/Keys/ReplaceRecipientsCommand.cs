using System.CommandLine;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Composition;
using EtcdBackupAgent.Configuration;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Keys;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Resources.Directories;
using Spectre.Console;

namespace EtcdBackupAgent.Commands.Keys;

/// <summary>
/// <c>key replace-recipients</c>: replaces all recipients of a repository for later backups, and the pin with them.
/// </summary>
internal sealed class ReplaceRecipientsCommand(LogOptions logs, Wiring wiring)
{
    private readonly RepositoryOptions _repository = new(logs, wiring);
    private readonly KeyOptions _keys = new(wiring.Time);
    private readonly OutputOptions _output = new();

    private readonly Argument<string[]> _recipients = new("AGE1")
    {
        Description = "The new age recipients (age1…), all of one kind.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<bool> _postQuantum = new("--post-quantum")
    {
        Description = "Encrypt to a new post-quantum key, which the repository stores encrypted with its passphrase.",
    };

    public static Command Create(LogOptions logs, Wiring wiring)
    {
        ReplaceRecipientsCommand replace = new(logs, wiring);
        Command verb = new(
            "replace-recipients",
            "Encrypt later backups to other recipients only; this needs a key that opens the repository. Existing "
            + "snapshots stay readable with the previous keys only.")
        {
            replace._recipients,
            replace._postQuantum,
        };
        replace._repository.AddSigningTo(verb);
        replace._keys.AddTo(verb);
        replace._output.AddTo(verb);
        verb.SetAction(replace.ExecuteAsync);
        return verb.WithExample(
            "etcd-backup-agent key replace-recipients age1pq1… --repository file:///var/backups/etcd \\\n"
            + "  --identity-file /root/previous-identity\n"
            + "etcd-backup-agent key replace-recipients --post-quantum --resources /etc/etcd-backup-agent \\\n"
            + "  --location remote-minio");
    }

    /// <remarks>
    /// 1. Read the recipients: given ones, or a new key.
    /// 2. Open the repository.
    /// 3. Replace the recipients with a key that opens it, and the pin of the location if the documents are given.
    /// 4. Print the recipients, and what remains to be done.
    /// </remarks>
    private async Task<int> ExecuteAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        // 1
        AgeRecipient[] given = [.. (parsed.GetValue(_recipients) ?? []).Select(RecipientText.Parse).Distinct()];
        bool postQuantum = parsed.GetValue(_postQuantum);
        if (postQuantum == given.Length > 0)
        {
            throw new BackupException(
                FailureReason.InvalidInput, "key replace-recipients needs either new recipients or --post-quantum.")
            {
                Hint = "Give one or more recipients (age1…), or --post-quantum for a repository with a passphrase.",
            };
        }

        // 2
        using OpenedRepository opened = await _repository.OpenAsync(parsed, cancellationToken);
        AddPassphraseCommand.RequireEncrypted(opened.Repository, wiring.Time);
        RecipientReplacement replacement = new(opened.Repository, LocationOf(opened), wiring.Time);

        // 3
        BackupRepository changed = postQuantum
            ? await ReplaceOwnKeyAsync(parsed, opened, replacement, cancellationToken)
            : await ReplaceAsync(parsed, opened, replacement, given, cancellationToken);

        // 4
        IReadOnlyList<string> recipients = changed.Document.Encryption.Recipients;
        _output.Write(
            parsed,
            new JsonObject { ["recipients"] = new JsonArray([.. recipients.Select(r => JsonValue.Create(r))]) },
            console => WriteText(console, opened, recipients, postQuantum));
        return ExitCodes.Success;
    }

    private async Task<BackupRepository> ReplaceAsync(
        ParseResult parsed,
        OpenedRepository opened,
        RecipientReplacement replacement,
        IReadOnlyList<AgeRecipient> recipients,
        CancellationToken cancellationToken)
    {
        using OpenedKeys proof = await _keys.ReadAsync(parsed, opened, required: true, cancellationToken);
        return await replacement.ToAsync(proof, recipients, cancellationToken);
    }

    private async Task<BackupRepository> ReplaceOwnKeyAsync(
        ParseResult parsed,
        OpenedRepository opened,
        RecipientReplacement replacement,
        CancellationToken cancellationToken)
    {
        using AgePassphrase passphrase = _keys.ReadPassphrase(parsed, opened.Choice)
            ?? PassphraseText.Ask("Passphrase of the repository: ")
            ?? throw new BackupException(
                FailureReason.KeyRefused, "The passphrase of the repository is not given; --post-quantum needs it.")
            {
                Hint = "Add --passphrase-file FILE. A repository without a passphrase needs new recipients instead.",
            };
        return await replacement.ToOwnPostQuantumKeyAsync(passphrase, cancellationToken);
    }

    private PinnedLocation? LocationOf(OpenedRepository opened) =>
        opened.Choice is ResourceRepository documents
            ? new PinnedLocation(
                new ProtectionCheck(new DirectoryRecipientPins(documents.Directory), wiring.Time), documents.Location)
            : null;

    private static void WriteText(
        IAnsiConsole console, OpenedRepository opened, IReadOnlyList<string> recipients, bool postQuantum)
    {
        string names = string.Join(", ", recipients.Select(AgeRecipient.Abbreviate));
        console.WriteLine($"Later backups to {opened.Address} are encrypted to {names} only.");
        console.WriteLine(
            postQuantum
                ? "The passphrase opens earlier and later snapshots. Another passphrase of the repository opens the "
                    + "earlier ones only: add it again."
                : "Only the previous keys open the existing snapshots: keep them as long as those snapshots.");
        console.WriteLine(opened.Choice switch
        {
            ResourceRepository { Location.Encryption: PassphraseLocation } => "The pin of the location was replaced.",
            ResourceRepository => "Write the recipients into spec.encryption.recipients of the BackupLocation, unless "
                + "it lists them already.",
            _ => "If the recipients are pinned or listed in a BackupLocation, change them there too.",
        });
    }
}
