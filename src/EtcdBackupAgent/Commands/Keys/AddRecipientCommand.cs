using System.CommandLine;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Composition;
using EtcdBackupAgent.Configuration;
using EtcdBackupAgent.Core.Keys;
using EtcdBackupAgent.Core.Repository;
using Spectre.Console;

namespace EtcdBackupAgent.Commands.Keys;

/// <summary><c>key add-recipient</c>: adds a recipient for later backups.</summary>
internal static class AddRecipientCommand
{
    public static Command Create(LogOptions logs, Wiring wiring)
    {
        RepositoryOptions repository = new(logs, wiring);
        KeyOptions keys = new(wiring.Time);
        OutputOptions output = new();
        Argument<string> recipient = new("AGE1") { Description = "The age recipient to add (age1…)." };

        Command verb = new(
            "add-recipient", "Encrypt later backups to one more recipient; this needs a key that opens the repository.")
        {
            recipient,
        };
        repository.AddSigningTo(verb);
        keys.AddTo(verb);
        output.AddTo(verb);
        verb.SetAction(
            async (parsed, cancellationToken) =>
            {
                AgeRecipient added = RecipientText.Parse(parsed.GetRequiredValue(recipient));
                using OpenedRepository opened = await repository.OpenAsync(parsed, cancellationToken);
                RepositoryKeys repositoryKeys = AddPassphraseCommand.RequireEncrypted(opened.Repository, wiring.Time);
                using OpenedKeys currentKeys = await keys.ReadAsync(parsed, opened, required: true, cancellationToken);
                BackupRepository changed = await repositoryKeys.AddRecipientAsync(
                    currentKeys.Identities, added, cancellationToken);
                output.Write(
                    parsed,
                    new JsonObject
                    {
                        ["recipients"] = new JsonArray([
                            .. changed.Document.Encryption.Recipients.Select(r => JsonValue.Create(r)),
                        ]),
                    },
                    console =>
                    {
                        console.WriteLine(
                            $"Later backups to {opened.Address} are encrypted to {added.Abbreviation} too.");
                        console.WriteLine(
                            "If the recipients are pinned or listed in a BackupLocation, change them there too.");
                    });
                return ExitCodes.Success;
            });
        return verb.WithExample(
            "etcd-backup-agent key add-recipient age1… --repository file:///var/backups/etcd --passphrase-file "
            + "/root/backup-passphrase"
        );
    }
}
