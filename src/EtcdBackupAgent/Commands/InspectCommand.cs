using System.CommandLine;
using EtcdBackupAgent.Commands.Keys;
using EtcdBackupAgent.Composition;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Keys;
using EtcdBackupAgent.Core.RestorePoints;
using EtcdBackupAgent.Core.Verification;
using EtcdBackupAgent.Objects.Encryption;
using EtcdBackupAgent.Output;

namespace EtcdBackupAgent.Commands;

/// <summary><c>inspect</c>: shows the content of a snapshot, of a repository or in a file.</summary>
internal static class InspectCommand
{
    public static Command Create(LogOptions logs, Wiring wiring)
    {
        RepositoryOptions repository = new(logs, wiring);
        KeyOptions keys = new(wiring.Time);
        OutputOptions output = new();
        PointOptions point = new();
        Argument<string?> snapshot = new("ID|FILE")
        {
            Description = "The snapshot: a file, with or without etcd's trailer, if it exists or its name contains a "
                + "'/'; otherwise an ID in the repository, the beginning of an ID, or 'latest'. It is not given with "
                + "--at, and may be left out with --revision.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Option<string?> scratchDirectory = new("--scratch-dir")
        {
            Description = "Directory for an unencrypted copy of a repository's snapshot while it is examined, in a "
                + "file without a name (default: the system's directory for temporary files).",
            HelpName = "DIR",
        };

        Command verb = new(
            "inspect",
            "Show the content of a snapshot: revisions, keys by prefix, members, alarms; and whether it is sound.")
        {
            snapshot,
            scratchDirectory,
        };
        point.AddTo(verb);
        repository.AddReadingTo(verb);
        keys.AddTo(verb);
        output.AddTo(verb);
        verb.SetAction(async (parsed, cancellationToken) =>
        {
            string? idOrFile = parsed.GetValue(snapshot);
            Inspection inspection;
            EncryptionCounts encryption = new();
            if (idOrFile is null && !point.IsGiven(parsed))
            {
                throw NothingNamed();
            }

            if (idOrFile is not null && IsFile(idOrFile))
            {
                point.RejectWith(parsed, "a file");
                inspection = await Task.Run(
                    () => InspectRun.OfFile(idOrFile, encryption.Add, cancellationToken), cancellationToken);
            }
            else
            {
                RestoreSelection selection = point.Read(parsed, idOrFile, repository);
                using OpenedRepository opened = await repository.OpenAsync(parsed, cancellationToken);
                using OpenedKeys openedKeys = await keys.ReadAsync(parsed, opened, required: true, cancellationToken);
                InspectRun run = new(
                    opened.Repository,
                    openedKeys.Identities,
                    parsed.GetValue(scratchDirectory) ?? Path.GetTempPath(),
                    encryption.Add);
                inspection = await TransferDisplay.ShowAsync(
                    progress => run.OfSnapshotAsync(selection, progress, cancellationToken));
            }

            output.Write(
                parsed,
                InspectionText.Document(inspection, encryption),
                console => InspectionText.Write(console, inspection, encryption));
            return inspection.IsSound ? ExitCodes.Success : ExitCodes.Of(FailureReason.DataDamaged);
        });
        return verb.WithExample(
            "etcd-backup-agent inspect /var/lib/etcd/member/snap/db\n"
            + "etcd-backup-agent inspect latest --repository file:///var/backups/etcd --passphrase-file "
            + "/root/backup-passphrase");
    }

    private static BackupException NothingNamed() =>
        new(FailureReason.InvalidInput, "inspect takes a snapshot ID, a file, --at or --revision.")
        {
            Hint = "'etcd-backup-agent inspect latest' examines the newest complete snapshot.",
        };

    private static bool IsFile(string idOrFile) =>
        idOrFile.Contains('/', StringComparison.Ordinal) || File.Exists(idOrFile);
}
