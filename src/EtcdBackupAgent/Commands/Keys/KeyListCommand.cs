using System.CommandLine;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Archive.Signatures;
using EtcdBackupAgent.Composition;
using EtcdBackupAgent.Core.Keys;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Output;
using Spectre.Console;

namespace EtcdBackupAgent.Commands.Keys;

/// <summary>
/// <c>key list</c>: shows the recipients that backups are encrypted to, and the keys that a passphrase opens.
/// </summary>
internal static class KeyListCommand
{
    public static Command Create(LogOptions logs, Wiring wiring)
    {
        RepositoryOptions repository = new(logs, wiring);
        OutputOptions output = new();

        Command verb = new(
            "list", "Show the recipients and the signers of a repository, and the keys that it contains.");
        repository.AddTo(verb);
        output.AddTo(verb);
        verb.SetAction(
            async (parsed, cancellationToken) =>
            {
                using OpenedRepository opened = await repository.OpenAsync(parsed, cancellationToken);
                IReadOnlyList<StoredObject> keys = await new RepositoryKeys(opened.Repository, wiring.Time).ListAsync(
                    cancellationToken);
                IReadOnlyList<string> recipients = opened.Repository.Document.Encryption.Recipients;
                IReadOnlyList<SshPublicKey> signers =
                    [.. (opened.Repository.Document.Signers ?? []).Select(SshPublicKey.Parse)];
                output.Write(parsed, Document(recipients, keys, signers), console =>
                {
                    WriteText(console, recipients, keys);
                    SignerText.Write(console, signers);
                });
                return ExitCodes.Success;
            });
        return verb.WithExample("etcd-backup-agent key list --repository file:///var/backups/etcd");
    }

    private static JsonObject Document(
        IReadOnlyList<string> recipients,
        IReadOnlyList<StoredObject> keys,
        IReadOnlyList<SshPublicKey> signers) => new()
        {
            ["recipients"] = new JsonArray([.. recipients.Select(r => JsonValue.Create(r))]),
            ["keys"] = new JsonArray([.. keys.Select(k => new JsonObject
        {
            ["key"] = k.Key.Value,
            ["storedAt"] = Readable.Rfc3339(k.ModifiedAt),
        })]),
            ["signers"] = new JsonArray([.. signers.Select(s => new JsonObject
        {
            ["fingerprint"] = s.Fingerprint,
            ["publicKey"] = $"{s}",
        })]),
        };

    private static void WriteText(
        IAnsiConsole console,
        IReadOnlyList<string> recipients,
        IReadOnlyList<StoredObject> keys)
    {
        if (recipients.Count == 0)
        {
            console.WriteLine("The repository is not encrypted.");
            return;
        }

        foreach (string recipient in recipients)
        {
            console.WriteLine($"recipient {AgeRecipient.Abbreviate(recipient)}");
        }

        foreach (StoredObject key in keys)
        {
            console.WriteLine($"key       {key.Key}, opened by a passphrase, stored {Readable.Time(key.ModifiedAt)}");
        }

        if (keys.Count == 0)
        {
            console.WriteLine("The repository contains no key: only the owner of an identity can open it.");
        }
    }
}
