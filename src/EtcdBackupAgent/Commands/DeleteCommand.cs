using System.CommandLine;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Composition;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Retention;
using EtcdBackupAgent.Runtime;
using Spectre.Console;

namespace EtcdBackupAgent.Commands;

/// <summary><c>delete</c>: removes one snapshot.</summary>
internal static class DeleteCommand
{
    public static Command Create(LogOptions logs, Wiring wiring)
    {
        RepositoryOptions repository = new(logs, wiring);
        OutputOptions output = new();
        Argument<string> id = SnapshotArgument.Create();
        Option<bool> yes = new("--yes") { Description = "Confirm the removal, which is permanent." };
        Option<bool> withDependents = new("--with-dependents")
        {
            Description = "Also remove the incremental snapshots that stand on it.",
        };

        Command verb = new("delete", "Remove one snapshot permanently.") { id, yes, withDependents };
        repository.AddSigningTo(verb);
        output.AddTo(verb);
        verb.SetAction(async (parsed, cancellationToken) =>
        {
            string idText = parsed.GetRequiredValue(id);
            if (!parsed.GetValue(yes))
            {
                throw new BackupException(
                    FailureReason.Refused, $"Snapshot {idText} was not removed: the removal is not confirmed.")
                {
                    Hint = "Add --yes to remove it. It cannot be recovered.",
                };
            }

            using OpenedRepository opened = await repository.OpenAsync(parsed, cancellationToken);
            DeleteRun run = new(opened.Repository, AgentVersion.Text)
            {
                WithDependents = parsed.GetValue(withDependents),
            };
            IReadOnlyList<SnapshotFolder> removed = await run.ExecuteAsync(idText, cancellationToken);
            output.Write(parsed, Document(removed), console =>
            {
                foreach (SnapshotFolder folder in removed)
                {
                    console.WriteLine($"Snapshot {folder.Id} was removed from {opened.Address}.");
                }
            });
            return ExitCodes.Success;
        });
        return verb.WithExample("etcd-backup-agent delete 34abbf1b --yes --repository file:///var/backups/etcd");
    }

    /// <summary>The chosen snapshot, and those that stood on it.</summary>
    private static JsonObject Document(IReadOnlyList<SnapshotFolder> removed) => new()
    {
        ["id"] = removed[^1].Id.Value,
        ["dependents"] = new JsonArray([.. removed.SkipLast(1).Select(folder => JsonValue.Create(folder.Id.Value))]),
    };
}
