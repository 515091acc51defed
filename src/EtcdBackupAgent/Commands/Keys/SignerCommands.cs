using System.CommandLine;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Archive.Signatures;
using EtcdBackupAgent.Composition;
using EtcdBackupAgent.Configuration;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Keys;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Resources.Directories;
using EtcdBackupAgent.Runtime;
using Spectre.Console;

namespace EtcdBackupAgent.Commands.Keys;

/// <summary>
/// <c>key new-signer</c>, <c>key add-signer</c> and <c>key remove-signer</c>: change whose signatures count.
/// </summary>
internal sealed class SignerCommands(LogOptions logs, Wiring wiring)
{
    public static Command CreateNew(LogOptions logs, Wiring wiring)
    {
        Argument<string> file = new("FILE") { Description = "The new file for the private key." };
        return new SignerCommands(logs, wiring).Create(
            "new-signer",
            "Make a signing key, and let its signatures count. The first one turns signatures on: existing snapshots "
            + "still count, and later documents count only if they are signed.",
            file,
            async (change, parsed, current, cancellationToken) =>
            {
                using SigningKey made = SigningKey.Create();
                SigningKeyFile.Write("FILE", parsed.GetRequiredValue(file), made);
                return await change.AddAsync(made.PublicKey, current ?? made, cancellationToken);
            },
            "etcd-backup-agent key new-signer /root/backup-signing-key --repository file:///var/backups/etcd");
    }

    public static Command CreateAdd(LogOptions logs, Wiring wiring)
    {
        Argument<string> file = new("FILE") { Description = "File with the public key (.pub)." };
        return new SignerCommands(logs, wiring).Create(
            "add-signer",
            "Let the signatures of an existing key count too; this needs the key of a signer.",
            file,
            async (change, parsed, current, cancellationToken) =>
            {
                IReadOnlyList<AllowedSigner> added =
                    SigningOptions.ReadSigners("FILE", parsed.GetRequiredValue(file));
                return added.Count == 1
                    ? await change.AddAsync(added[0].Key, Required(current), cancellationToken)
                    : throw new BackupException(
                        FailureReason.InvalidInput, $"The file contains {added.Count} public keys; give one.");
            },
            "etcd-backup-agent key add-signer owner.pub --repository file:///var/backups/etcd \\\n"
            + "  --signing-key /root/backup-signing-key");
    }

    public static Command CreateRemove(LogOptions logs, Wiring wiring)
    {
        Argument<string> fingerprint = new("SHA256") { Description = "The fingerprint of the signer (SHA256:…)." };
        return new SignerCommands(logs, wiring).Create(
            "remove-signer",
            "Do not let the signatures of a key count any more; this needs the key of a signer that remains. What it "
            + "signed before still counts.",
            fingerprint,
            (change, parsed, current, cancellationToken) =>
                change.RemoveAsync(parsed.GetRequiredValue(fingerprint), Required(current), cancellationToken),
            "etcd-backup-agent key remove-signer SHA256:… --repository file:///var/backups/etcd \\\n"
            + "  --signing-key /root/new-signing-key");
    }

    private Command Create(
        string name,
        string description,
        Argument<string> argument,
        Func<SignerChange, ParseResult, SigningKey?, CancellationToken, Task<BackupRepository>> changeAsync,
        string example)
    {
        RepositoryOptions repository = new(logs, wiring);
        OutputOptions output = new();
        Command verb = new(name, description) { argument };
        repository.AddSigningTo(verb);
        output.AddTo(verb);
        verb.SetAction(async (parsed, cancellationToken) =>
        {
            RepositoryChoice choice = await repository.ReadAsync(parsed, cancellationToken);
            SigningKey? current = (await repository.ReadSigningAsync(parsed, choice, cancellationToken)).Key;
            using OpenedRepository opened = await repository.OpenAsync(choice, parsed, cancellationToken);
            BackupRepository changed = await changeAsync(
                new SignerChange(opened.Repository, LocationOf(opened), AgentVersion.Text),
                parsed,
                current,
                cancellationToken);
            IReadOnlyList<SshPublicKey> signers = [.. changed.Document.Signers!.Select(SshPublicKey.Parse)];
            output.Write(
                parsed,
                new JsonObject { ["signers"] = new JsonArray([.. signers.Select(s => JsonValue.Create($"{s}"))]) },
                console => WriteText(console, opened, signers));
            return ExitCodes.Success;
        });
        return verb.WithExample(example);
    }

    private static SigningKey Required(SigningKey? key) => key ?? throw new BackupException(
        FailureReason.KeyRefused, "The signers can only be changed with the key of a signer.")
    {
        Hint = "Give its private key.",
        Settings = [Setting.SigningKey],
    };

    private PinnedLocation? LocationOf(OpenedRepository opened) => opened.Choice is ResourceRepository documents
        ? new PinnedLocation(
            new ProtectionCheck(new DirectoryRecipientPins(documents.Directory), wiring.Time), documents.Location)
        : null;

    private static void WriteText(IAnsiConsole console, OpenedRepository opened, IReadOnlyList<SshPublicKey> signers)
    {
        console.WriteLine($"{opened.Address} has these signers now:");
        SignerText.Write(console, signers);
        console.WriteLine(opened.Choice switch
        {
            ResourceRepository { Location.Signers.Count: > 0 } =>
                "Write them into spec.signers of the BackupLocation, unless it lists them already.",
            ResourceRepository { Location.Encryption: PassphraseLocation } => "The pin of the location was replaced.",
            _ => "If the signers are pinned or listed in a BackupLocation, change them there too.",
        });
    }
}
