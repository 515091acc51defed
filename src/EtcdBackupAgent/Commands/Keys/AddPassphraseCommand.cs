using System.CommandLine;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Composition;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Keys;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Stores;
using Spectre.Console;

namespace EtcdBackupAgent.Commands.Keys;

/// <summary><c>key add-passphrase</c>: adds a passphrase that opens the repository.</summary>
internal static class AddPassphraseCommand
{
    public static Command Create(LogOptions logs, Wiring wiring)
    {
        RepositoryOptions repository = new(logs, wiring);
        KeyOptions keys = new(wiring.Time);
        NewPassphraseOption newPassphrase = new();
        OutputOptions output = new();

        Command verb = new(
            "add-passphrase", "Add a passphrase that opens the repository; this needs a key that already opens it.");
        repository.AddTo(verb);
        keys.AddTo(verb);
        newPassphrase.AddTo(verb);
        output.AddTo(verb);
        verb.SetAction(async (parsed, cancellationToken) =>
        {
            using OpenedRepository opened = await repository.OpenAsync(parsed, cancellationToken);
            RepositoryKeys repositoryKeys = RequireEncrypted(opened.Repository, wiring.Time);
            using OpenedKeys currentKeys = await keys.ReadAsync(parsed, opened, required: true, cancellationToken);
            using AgePassphrase passphrase = newPassphrase.Read(parsed);
            ObjectKey key = await repositoryKeys.AddPassphraseAsync(
                currentKeys, passphrase, cancellationToken);
            output.Write(
                parsed,
                new JsonObject { ["key"] = key.Value },
                console => console.WriteLine($"The new passphrase now opens {opened.Address} too ({key})."));
            return ExitCodes.Success;
        });
        return verb.WithExample(
            "etcd-backup-agent key add-passphrase --repository file:///var/backups/etcd \\\n"
            + "  --passphrase-file /root/backup-passphrase --new-passphrase-file /root/second-passphrase");
    }

    /// <summary>Returns the keys of an encrypted repository.</summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/>: the repository is not encrypted.
    /// </exception>
    internal static RepositoryKeys RequireEncrypted(BackupRepository repository, TimeProvider time) =>
        repository.Document.Encryption.Kind != ArtifactEncryption.None
            ? new RepositoryKeys(repository, time)
            : throw new BackupException(
                FailureReason.InvalidInput,
                $"The repository at {repository.Store.Address} is not encrypted, which cannot be changed.")
            {
                Hint = "'init' sets the encryption: create a new repository.",
            };
}
