using System.CommandLine;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Commands.Keys;
using EtcdBackupAgent.Core.Restores;
using EtcdBackupAgent.Output;
using Spectre.Console;

namespace EtcdBackupAgent.Commands;

/// <summary><c>restore</c>: brings a snapshot back into a directory.</summary>
internal static class RestoreCommand
{
    public static Command Create(LogOptions logs)
    {
        RepositoryOptions repository = new();
        KeyOptions keys = new();
        OutputOptions output = new();
        Argument<string> id = SnapshotArgument.Create();
        Option<string> to = new("--to")
        {
            Description = "Directory to restore to; it must be empty or new.",
            HelpName = "DIR",
            Required = true,
        };
        Option<bool> overwrite = new("--overwrite")
        {
            Description = $"Replace '{RestoreRun.SnapshotFileName}' and '{RestoreRun.CertificatesDirectoryName}' if they are there. Other files stay.",
        };

        Command verb = new("restore", "Bring a snapshot back: the etcd snapshot file and the certificates.") { id, to, overwrite };
        repository.AddTo(verb);
        keys.AddTo(verb);
        output.AddTo(verb);
        verb.SetAction(async (parsed, cancellationToken) =>
        {
            using OpenedRepository opened = await repository.OpenAsync(parsed, logs, cancellationToken);
            using OpenedKeys own = await keys.ReadAsync(parsed, opened, required: true, cancellationToken);
            RestoreOutcome outcome = await TransferDisplay.ShowAsync(
                progress => new RestoreRun(opened.Repository).ExecuteAsync(
                    parsed.GetRequiredValue(id),
                    own.Identities,
                    parsed.GetRequiredValue(to),
                    parsed.GetValue(overwrite),
                    progress,
                    cancellationToken));
            output.Write(parsed, Document(outcome), console => WriteText(console, outcome));
            return ExitCodes.Success;
        });
        return verb.WithExample("etcd-backup-agent restore latest --repository file:///var/backups/etcd --to /var/lib/etcd-restore \\\n"
            + "  --passphrase-file /root/backup-passphrase");
    }

    private static JsonObject Document(RestoreOutcome outcome) => new()
    {
        ["id"] = outcome.Manifest.Id.Value,
        ["etcdSnapshot"] = outcome.SnapshotPath,
        ["certificates"] = outcome.CertificatesPath,
    };

    private static void WriteText(IAnsiConsole console, RestoreOutcome outcome)
    {
        console.WriteLine($"Restore from snapshot {outcome.Manifest.Id} completed");
        if (outcome.CertificatesPath is not null)
        {
            console.WriteLine($"Certificates: {outcome.CertificatesPath}");
        }

        if (outcome.SnapshotPath is not null)
        {
            console.WriteLine($"Etcd snapshot: {outcome.SnapshotPath}");
            // etcd 3.4 has no etcdutl.
            string tool = outcome.Manifest.Etcd.Version.StartsWith("3.4.", StringComparison.Ordinal)
                ? "ETCDCTL_API=3 etcdctl"
                : "etcdutl";
            console.WriteLine($"Next: {tool} snapshot restore {outcome.SnapshotPath} --data-dir /var/lib/etcd");
        }
    }
}
