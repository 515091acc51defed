using System.CommandLine;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Composition;
using EtcdBackupAgent.Configuration;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Keys;
using EtcdBackupAgent.Core.Stores;
using Spectre.Console;

namespace EtcdBackupAgent.Commands.Keys;

/// <summary><c>key change-passphrase</c>: replaces a passphrase that opens the repository.</summary>
internal static class ChangePassphraseCommand
{
    public static Command Create(LogOptions logs, Wiring wiring)
    {
        RepositoryOptions repository = new(logs, wiring);
        KeyOptions keys = new(wiring.Time);
        NewPassphraseOption replacement = new();
        OutputOptions output = new();

        Command verb = new(
            "change-passphrase", "Replace a passphrase. This changes only the key under keys/, not the snapshots.");
        repository.AddTo(verb);
        keys.AddTo(verb);
        replacement.AddTo(verb);
        output.AddTo(verb);
        verb.SetAction(async (parsed, cancellationToken) =>
        {
            using OpenedRepository opened = await repository.OpenAsync(parsed, cancellationToken);
            RepositoryKeys repositoryKeys = AddPassphraseCommand.RequireEncrypted(opened.Repository, wiring.Time);
            using AgePassphrase current = keys.ReadPassphrase(parsed, opened.Choice)
                ?? PassphraseText.Ask("Current passphrase: ")
                ?? throw new BackupException(FailureReason.KeyRefused, "The current passphrase is not given.")
                {
                    Hint = "Add --passphrase-file FILE.",
                };
            using AgePassphrase next = replacement.Read(parsed);
            ObjectKey key = await repositoryKeys.ChangePassphraseAsync(current, next, cancellationToken);
            output.Write(
                parsed,
                new JsonObject { ["key"] = key.Value },
                console => console.WriteLine($"The new passphrase replaces the old one for {opened.Address} ({key})."));
            return ExitCodes.Success;
        });
        return verb.WithExample(
            "etcd-backup-agent key change-passphrase --repository file:///var/backups/etcd \\\n"
            + "  --passphrase-file /root/old-passphrase --new-passphrase-file /root/new-passphrase");
    }
}
