using System.CommandLine;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Composition;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using Spectre.Console;

namespace EtcdBackupAgent.Commands;

/// <summary>
/// <c>restored</c>: records that a cluster was restored from a snapshot, if the restore itself could not do so.
/// </summary>
internal static class RestoredCommand
{
    public static Command Create(LogOptions logs, Wiring wiring)
    {
        RepositoryOptions repository = new(logs, wiring);
        OutputOptions output = new();
        Argument<string> id = SnapshotArgument.Create();
        Option<string> cluster = new("--cluster-id")
        {
            Description = "ID of the restored cluster, as printed by restore.",
            HelpName = "HEX",
            Required = true,
        };

        Command verb = new(
            "restored",
            "Record that an etcd cluster was restored from a snapshot, so that its backups continue the history. "
            + "'restore ID --data-dir' does this itself if it has write access to the repository.")
        {
            id,
            cluster,
        };
        repository.AddTo(verb);
        output.AddTo(verb);
        verb.SetAction(async (parsed, cancellationToken) =>
        {
            string text = parsed.GetRequiredValue(cluster);
            EtcdId restored = EtcdId.TryParse(text, out EtcdId known)
                ? known
                : throw new BackupException(
                    FailureReason.InvalidInput, $"--cluster-id '{text}' is not a hexadecimal number.");
            using OpenedRepository opened = await repository.OpenAsync(parsed, cancellationToken);
            Snapshot snapshot = await opened.Repository.FindAsync(parsed.GetRequiredValue(id), cancellationToken);
            EtcdId previous = snapshot.Manifest.ClusterId;
            if (restored == previous)
            {
                throw new BackupException(
                    FailureReason.InvalidInput,
                    $"--cluster-id {restored} is the cluster that snapshot {snapshot.Id} was taken from.")
                {
                    Hint = "Give the ID of the cluster that was restored from it. 'restore' prints it, and so does "
                        + "'etcdctl endpoint status -w json'.",
                };
            }

            await RestoredCluster.AddNoteAsync(
                opened.Repository, snapshot.Manifest, restored, wiring.Time, cancellationToken);
            output.Write(
                parsed,
                new JsonObject
                {
                    ["clusterId"] = $"{restored}",
                    ["previousClusterId"] = $"{previous}",
                    ["snapshotId"] = snapshot.Id.Value,
                },
                console => console.WriteLine(
                    $"Cluster {restored} continues the history of cluster {previous} from snapshot {snapshot.Id}."));
            return ExitCodes.Success;
        });
        return verb.WithExample(
            "etcd-backup-agent restored 34abbf1b --cluster-id 7a6ba7ab0d3e4f10 --repository file:///var/backups/etcd");
    }
}
