using System.CommandLine;
using EtcdBackupAgent.Archive.Posix;
using EtcdBackupAgent.Commands.Keys;
using EtcdBackupAgent.Composition;
using EtcdBackupAgent.Configuration;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Keys;
using EtcdBackupAgent.Core.Places;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.RestorePoints;
using EtcdBackupAgent.Core.Restores;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Output;
using EtcdBackupAgent.Pods;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Commands;

/// <summary>
/// <c>restore</c>: restores a snapshot, as files (<c>--to</c>) or as a data directory that etcd can start from
/// (<c>--data-dir</c>).
/// </summary>
internal sealed class RestoreCommand(LogOptions logs, Wiring wiring)
{
    private readonly RepositoryOptions _repository = new(logs, wiring);
    private readonly PointOptions _point = new();
    private readonly KeyOptions _keys = new(wiring.Time);
    private readonly OutputOptions _output = new();
    private readonly DataDirectoryOptions _dataDirectory = new();
    private readonly KubernetesOptions _kubernetes = new(wiring.Time);

    private readonly Argument<string?> _id = new("ID")
    {
        Description = "The snapshot: its ID, its beginning, its name, or 'latest'. It is not given with --file or "
            + "--at, and may be left out with --revision.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string?> _to = new("--to")
    {
        Description = "Directory to restore the snapshot file and the certificates to; it must be empty or new.",
        HelpName = "DIR",
    };

    private readonly Option<bool> _overwrite = new("--overwrite")
    {
        Description = $"With --to: replace '{RestoreRun.SnapshotFileName}' and "
            + $"'{RestoreRun.CertificatesDirectoryName}' if they exist. Other files stay.",
    };

    private readonly Option<string?> _restore = new("--restore")
    {
        Description = "With --kubernetes, in a pod: the MetadataRestore to perform, into --to.",
        HelpName = "NAME",
    };

    public static Command Create(LogOptions logs, Wiring wiring)
    {
        RestoreCommand restore = new(logs, wiring);
        Command verb = new("restore", "Restore a snapshot: as files, or as a data directory that etcd can start from.")
        {
            restore._id, restore._to, restore._overwrite,
        };
        restore._point.AddTo(verb);
        restore._dataDirectory.AddTo(verb);
        restore._repository.AddReadingTo(verb);
        restore._keys.AddTo(verb);
        restore._kubernetes.AddTo(verb);
        verb.Add(restore._restore);
        restore._output.AddTo(verb);
        verb.SetAction(restore.ExecuteAsync);
        return verb.WithExample(
            "etcd-backup-agent restore latest --repository file:///var/backups/etcd --passphrase-file "
            + "/root/backup-passphrase \\\n"
            + "  --data-dir /var/lib/etcd-restored --certs-to /root/restored-pki --name cp1 \\\n"
            + "  --initial-cluster cp1=https://10.0.0.1:2380 --initial-advertise-peer-urls https://10.0.0.1:2380\n"
            + "etcd-backup-agent restore latest --repository file:///var/backups/etcd --to /var/lib/etcd-restore\n"
            + "etcd-backup-agent restore --at 2026-11-29T10:15:00Z --repository file:///var/backups/etcd --to "
            + "/var/lib/etcd-restore");
    }

    /// <summary>Restores from a cluster's MetadataRestore, from a file, or from a repository.</summary>
    private async Task<int> ExecuteAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        if (_kubernetes.IsChosen(parsed))
        {
            await RestoreOfClusterAsync(parsed, cancellationToken);
            return ExitCodes.Success;
        }

        if (parsed.GetValue(_restore) is not null)
        {
            throw InvalidInput("--restore needs --kubernetes.", "Without --kubernetes, name the snapshot itself.");
        }

        RestoreArguments arguments = new(
            parsed.GetValue(_id),
            parsed.GetValue(_to),
            parsed.GetValue(_overwrite),
            _dataDirectory.Read(parsed),
            _dataDirectory.ReadFile(parsed));
        arguments.Validate(_point.IsGiven(parsed));
        if (arguments.File is { } file)
        {
            _point.RejectWith(parsed, "--file");
            DataDirectoryOutcome built = await TransferDisplay.ShowAsync(progress => DataDirectoryRun.FromFileAsync(
                file, _dataDirectory.ReadSkipHashCheck(parsed), arguments.Build!, progress, cancellationToken));
            Write(parsed, built, arguments.Build!);
            return ExitCodes.Success;
        }

        RestoreSelection selection = _point.Read(parsed, arguments.Id, _repository);
        using OpenedRepository opened = await _repository.OpenAsync(parsed, cancellationToken);
        arguments.RequireOutsideOfSource(opened);
        using OpenedKeys keys = await _keys.ReadAsync(parsed, opened, required: true, cancellationToken);
        if (arguments.Build is { } build)
        {
            Write(parsed, await BuildAsync(opened.Repository, keys, selection, build, cancellationToken), build);
        }
        else
        {
            Write(parsed, await RestoreFilesAsync(opened.Repository, keys, selection, arguments, cancellationToken));
        }

        return ExitCodes.Success;
    }

    private async Task<DataDirectoryOutcome> BuildAsync(
        BackupRepository repository,
        OpenedKeys keys,
        RestoreSelection selection,
        DataDirectoryRequest build,
        CancellationToken cancellationToken)
    {
        DataDirectoryOutcome built = await TransferDisplay.ShowAsync(progress => DataDirectoryRun.FromRepositoryAsync(
            repository, selection, keys.Identities, build, progress, cancellationToken));
        await RestoredCluster.TryAddNoteAsync(
            repository, built.Manifest!, new EtcdId(built.Summary.ClusterId), wiring.Time, cancellationToken);
        return built;
    }

    private static Task<RestoreOutcome> RestoreFilesAsync(
        BackupRepository repository,
        OpenedKeys keys,
        RestoreSelection selection,
        RestoreArguments arguments,
        CancellationToken cancellationToken)
    {
        RestoreRun run = new(repository)
        {
            NotEmptyHint = "Name an empty or new directory, "
                + "or add --overwrite to replace the files of an earlier restore.",
        };
        return TransferDisplay.ShowAsync(progress => run.ExecuteAsync(
            selection, keys.Identities, arguments.To!, arguments.Overwrite, progress, cancellationToken));
    }

    private async Task RestoreOfClusterAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        if (parsed.GetValue(_restore) is not { } name || parsed.GetValue(_to) is not { } to)
        {
            throw InvalidInput(
                "restore --kubernetes needs --restore NAME and --to DIR.",
                "The pod of a MetadataRestore runs this command. "
                + "To restore by hand, name the repository and the snapshot.");
        }

        using ConnectedCluster cluster = await _kubernetes.ConnectAsync(parsed, cancellationToken);
        ILoggerFactory loggers = logs.Loggers(parsed);
        ClusterRestore run = new(
            cluster, (location, resources) => wiring.Store(location, resources, loggers), wiring.Time);
        RestoreOutcome outcome = await TransferDisplay.ShowAsync(
            progress => run.ExecuteAsync(
                name, new ClaimDestination(to, progress), FailureText.WriteWarning, cancellationToken));
        Write(parsed, outcome);
    }

    private void Write(ParseResult parsed, DataDirectoryOutcome built, DataDirectoryRequest build) =>
        _output.Write(
            parsed,
            RestoreText.Document(built),
            console => RestoreText.Write(console, built, build, MountTable.Read()));

    private void Write(ParseResult parsed, RestoreOutcome outcome) =>
        _output.Write(parsed, RestoreText.Document(outcome), console => RestoreText.Write(console, outcome));

    private static BackupException InvalidInput(string message, string hint) =>
        new(FailureReason.InvalidInput, message) { Hint = hint };

    /// <summary>The options of a restore without a cluster.</summary>
    /// <param name="Id">The snapshot; null if <paramref name="File"/> is given.</param>
    /// <param name="To">The directory for the files; null if <paramref name="Build"/> is given.</param>
    /// <param name="Overwrite">Whether existing files are replaced.</param>
    /// <param name="Build">The data directory to build.</param>
    /// <param name="File">A snapshot file outside a repository.</param>
    private sealed record RestoreArguments(
        string? Id, string? To, bool Overwrite, DataDirectoryRequest? Build, string? File)
    {
        public void Validate(bool hasPoint)
        {
            if ((To is null) == (Build is null))
            {
                throw InvalidInput(
                    "restore takes either --to or --data-dir.",
                    "--to DIR restores the snapshot file and the certificates; --data-dir DIR builds a data directory "
                    + "that etcd can start from.");
            }

            if (Overwrite && To is null)
            {
                throw InvalidInput(
                    "--overwrite cannot be used with --data-dir.",
                    "Name an empty or new directory, or move the content of the directory away first.");
            }

            if ((Id is not null && File is not null) || (Id is null && File is null && !hasPoint))
            {
                throw InvalidInput(
                    "restore takes either a snapshot ID, --at, --revision or --file.",
                    "'etcd-backup-agent list' shows the IDs; 'latest' is the newest complete one.");
            }
        }

        /// <summary>Refuses a target in the certificates directory of the policy, if the policy is known.</summary>
        public void RequireOutsideOfSource(OpenedRepository opened)
        {
            if (opened.Choice is ResourceRepository { Policy.CertsDirectory: { } source })
            {
                SeparatePlaces.RequireOutsideOfSource(Build?.DataDirectory ?? To!, source);
            }
        }
    }
}
