using System.CommandLine;
using EtcdBackupAgent.Composition;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Output;
using Spectre.Console;

namespace EtcdBackupAgent.Commands;

/// <summary><c>show</c>: shows one snapshot in full.</summary>
internal static class ShowCommand
{
    public static Command Create(LogOptions logs, Wiring wiring)
    {
        RepositoryOptions repository = new(logs, wiring);
        OutputOptions output = new();
        Argument<string> id = SnapshotArgument.Create();

        Command verb = new("show", "Show one snapshot in full.") { id };
        repository.AddReadingTo(verb);
        output.AddTo(verb);
        verb.SetAction(async (parsed, cancellationToken) =>
        {
            using OpenedRepository opened = await repository.OpenAsync(parsed, cancellationToken);
            Inventory inventory = await opened.Repository.TakeInventoryAsync(cancellationToken);
            Snapshot snapshot = inventory.Find(parsed.GetRequiredValue(id), opened.Address);
            output.Write(
                parsed,
                SnapshotText.Document(snapshot, inventory.History),
                console => console.WriteLine(string.Join('\n', SnapshotText.Details(snapshot, inventory.History))));
            return ExitCodes.Success;
        });
        return verb.WithExample("etcd-backup-agent show 34abbf1b --repository file:///var/backups/etcd --output yaml");
    }
}
