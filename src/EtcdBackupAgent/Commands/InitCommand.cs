using System.CommandLine;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Composition;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Repository;
using Spectre.Console;

namespace EtcdBackupAgent.Commands;

/// <summary><c>init</c>: makes a repository.</summary>
internal static class InitCommand
{
    public static Command Create(LogOptions logs)
    {
        RepositoryOptions repository = new();
        OutputOptions output = new();
        Option<bool> unencrypted = new("--unencrypted")
        {
            Description = "Make a repository whose snapshots are not encrypted. A snapshot holds every Secret of the cluster: "
                + "whoever can read the bucket can read them.",
        };

        Command verb = new("init", "Make a repository in a directory or a bucket; the bucket is made too if it is missing.");
        repository.AddTo(verb);
        verb.Add(unencrypted);
        output.AddTo(verb);
        verb.SetAction(async (parsed, cancellationToken) =>
        {
            if (!parsed.GetValue(unencrypted))
            {
                throw new BackupException(
                    FailureReason.InvalidInput, "init makes no repository unless it is told how to protect it.")
                {
                    Hint = "This version knows one way: add --unencrypted, and let nobody read the bucket who must not read the cluster's Secrets.",
                };
            }

            using IObjectStore store = Wiring.Store(
                await repository.ReadAsync(parsed, cancellationToken), logs.Loggers(parsed));
            BackupRepository made = await BackupRepository.InitAsync(store, Wiring.Time, cancellationToken);
            output.Write(
                parsed,
                new JsonObject { ["id"] = made.Document.Id, ["address"] = store.Address },
                console => console.WriteLine($"Made repository {made.Document.Id} at {store.Address}, not encrypted."));
            return ExitCodes.Success;
        });
        return verb.WithExample("etcd-backup-agent init --repository file:///var/backups/etcd --unencrypted");
    }
}
