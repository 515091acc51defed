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

/// <summary><c>key add-passphrase</c>: one passphrase more that opens the repository.</summary>
internal static class AddPassphraseCommand
{
    public static Command Create(LogOptions logs, Wiring wiring)
    {
        RepositoryOptions repository = new(logs, wiring);
        KeyOptions keys = new(wiring.Time);
        NewPassphraseOption added = new();
        OutputOptions output = new();

        Command verb = new("add-passphrase", "Let a further passphrase open the repository; a present key proves the right to do so.");
        repository.AddTo(verb);
        keys.AddTo(verb);
        added.AddTo(verb);
        output.AddTo(verb);
        verb.SetAction(async (parsed, cancellationToken) =>
        {
            using OpenedRepository opened = await repository.OpenAsync(parsed, cancellationToken);
            RepositoryKeys ring = RequireEncrypted(opened.Repository, wiring.Time);
            using OpenedKeys proof = await keys.ReadAsync(parsed, opened, required: true, cancellationToken);
            using AgePassphrase passphrase = added.Read(parsed);
            ObjectKey key = await ring.AddPassphraseAsync(proof.Identities, passphrase, cancellationToken);
            output.Write(
                parsed,
                new JsonObject { ["key"] = key.Value },
                console => console.WriteLine($"The new passphrase opens {opened.Address}, too ({key})."));
            return ExitCodes.Success;
        });
        return verb.WithExample(
            "etcd-backup-agent key add-passphrase --repository file:///var/backups/etcd \\\n"
            + "  --passphrase-file /root/backup-passphrase --new-passphrase-file /root/second-passphrase");
    }

    /// <summary>The keys of a repository that has some use for them.</summary>
    internal static RepositoryKeys RequireEncrypted(BackupRepository repository, TimeProvider time) =>
        repository.Document.Encryption.Kind != ArtifactEncryption.None
            ? new RepositoryKeys(repository, time)
            : throw new BackupException(
                FailureReason.InvalidInput, $"The repository at {repository.Store.Address} is not encrypted, and stays so.")
            {
                Hint = "Encryption is chosen by 'init': make a new repository.",
            };
}
