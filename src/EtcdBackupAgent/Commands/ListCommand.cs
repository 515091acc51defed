using System.CommandLine;
using EtcdBackupAgent.Composition;
using EtcdBackupAgent.Core.ChangeLog;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Labels;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.RestorePoints;
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

        Option<bool> windows = new("--windows")
        {
            Description = "Show from when to when every second can be restored, with the holes between, in place of "
                + "the snapshots.",
        };
        Option<string?> labels = new("--selector", "-l")
        {
            Description = "Only snapshots with these labels, such as release=1.36.4,tier!=test.",
            HelpName = "SELECTOR",
        };
        Command verb = new("list", "Show the snapshots of a repository, oldest first.") { windows, labels };
        repository.AddReadingTo(verb);
        output.AddTo(verb);
        verb.SetAction(async (parsed, cancellationToken) =>
        {
            Func<Snapshot, bool>? isShown = ReadSelector(parsed.GetValue(labels));
            using OpenedRepository opened = await repository.OpenAsync(parsed, cancellationToken);
            Inventory inventory = await opened.Repository.TakeInventoryAsync(cancellationToken);
            if (parsed.GetValue(windows))
            {
                await WriteWindowsAsync(
                    parsed, opened, inventory, repository.ReadPolicyName(parsed), output, cancellationToken);
                return ExitCodes.Success;
            }

            output.Write(parsed, SnapshotText.Document(inventory, isShown), console =>
            {
                if (inventory.Snapshots.Count + inventory.Unreadable.Count == 0)
                {
                    console.WriteLine($"There is no snapshot in {opened.Address} yet.");
                    return;
                }

                console.Write(SnapshotText.Table(inventory, isShown, wiring.Time.GetUtcNow(), Terminal.TableWidth));
                foreach (string line in SnapshotText.Origins(inventory))
                {
                    console.WriteLine(line);
                }
            });
            if (FutureSnapshots.Describe([.. inventory.FromFuture]) is { } warning)
            {
                FailureText.WriteWarning(warning);
            }

            foreach (string finding in inventory.Findings)
            {
                FailureText.WriteWarning(finding);
            }

            foreach (BackupException note in inventory.UnreadableNotes)
            {
                FailureText.WriteWarning($"{note.Message} It is ignored.");
            }

            return ExitCodes.Success;
        });
        return verb.WithExample("etcd-backup-agent list --repository s3://backups/cluster-1 --s3-endpoint "
            + "https://minio.example:9000\n"
            + "etcd-backup-agent list -l release=1.36.4 --repository file:///var/backups/etcd\n"
            + "etcd-backup-agent list --windows --repository file:///var/backups/etcd");
    }

    private static Func<Snapshot, bool>? ReadSelector(string? text)
    {
        if (text is null)
        {
            return null;
        }

        LabelSelector selector = LabelSelector.Parse(text);
        return snapshot => selector.Matches(snapshot.Manifest.Labels.GetValueOrDefault);
    }

    private static async Task WriteWindowsAsync(
        ParseResult parsed,
        OpenedRepository opened,
        Inventory inventory,
        ResourceName? policy,
        OutputOptions output,
        CancellationToken cancellationToken)
    {
        LogInventory logs = await LogInventory.ReadAsync(opened.Repository.Store, cancellationToken);
        IReadOnlyList<RestoreWindow> found =
            [.. RestoreWindow.Of(inventory, logs).Where(w => policy is null || w.Policy == policy)];
        output.Write(parsed, WindowText.Document(found, logs), console =>
        {
            if (found.Count == 0)
            {
                console.WriteLine(logs.Lineages.Count == 0
                    ? $"There is no change log in {opened.Address}: only the snapshots themselves can be restored."
                    : $"No change log in {opened.Address} has a snapshot to apply it on yet.");
            }

            WindowText.Write(console, found);
        });
        foreach (LogLineage unreadable in logs.Lineages.Where(l => l.Problem is not null))
        {
            FailureText.WriteWarning($"{unreadable.Problem!.Message} It is ignored.");
        }
    }
}
