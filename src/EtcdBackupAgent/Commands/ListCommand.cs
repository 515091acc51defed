using System.CommandLine;
using EtcdBackupAgent.Composition;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Output;
using Spectre.Console;

namespace EtcdBackupAgent.Commands;

/// <summary><c>list</c>: shows every snapshot of a repository.</summary>
internal static class ListCommand
{
    public static Command Create(LogOptions logs, Wiring wiring)
    {
        RepositoryOptions repository = new(logs, wiring);
        OutputOptions output = new();

        Command verb = new("list", "Show the snapshots of a repository, oldest first.");
        repository.AddTo(verb);
        output.AddTo(verb);
        verb.SetAction(async (parsed, cancellationToken) =>
        {
            using OpenedRepository opened = await repository.OpenAsync(parsed, cancellationToken);
            Inventory inventory = await opened.Repository.TakeInventoryAsync(cancellationToken);
            output.Write(parsed, SnapshotText.Document(inventory), console =>
            {
                if (inventory.Snapshots.Count + inventory.Unreadable.Count == 0)
                {
                    console.WriteLine($"There is no snapshot in {opened.Address} yet.");
                    return;
                }

                console.Write(SnapshotText.Table(inventory, wiring.Time.GetUtcNow(), Terminal.TableWidth));
                foreach (string line in SnapshotText.Origins(inventory))
                {
                    console.WriteLine(line);
                }
            });
            if (FutureSnapshots.Describe([.. inventory.FromFuture]) is { } warning)
            {
                FailureText.WriteWarning(warning);
            }

            foreach (BackupException note in inventory.UnreadableNotes)
            {
                FailureText.WriteWarning($"{note.Message} It is ignored.");
            }

            return ExitCodes.Success;
        });
        return verb.WithExample("etcd-backup-agent list --repository s3://backups/cluster-1 --s3-endpoint "
            + "https://minio.example:9000");
    }
}
