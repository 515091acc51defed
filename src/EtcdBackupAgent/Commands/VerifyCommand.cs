using System.CommandLine;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Commands.Keys;
using EtcdBackupAgent.Composition;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Keys;
using EtcdBackupAgent.Core.RestorePoints;
using EtcdBackupAgent.Core.Verification;
using EtcdBackupAgent.Output;
using EtcdBackupAgent.Runtime;
using Spectre.Console;

namespace EtcdBackupAgent.Commands;

/// <summary><c>verify</c>: reads snapshots as a restore would and reports whether they are sound.</summary>
internal static class VerifyCommand
{
    public static Command Create(LogOptions logs, Wiring wiring)
    {
        RepositoryOptions repository = new(logs, wiring);
        KeyOptions keys = new(wiring.Time);
        OutputOptions output = new();
        Argument<string?> id = new("ID")
        {
            Description = "The snapshot: its ID, the beginning of the ID, or 'latest'. It is not given with --all or "
                + "--at, and may be left out with --revision.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        PointOptions point = new();
        Option<bool> all = new("--all") { Description = "Verify every snapshot of the repository." };

        Option<bool> deep = new("--deep")
        {
            Description = "Examine the database too: pages, revisions, etcd's own hash; and record the result beside "
                + "the snapshot. Needs a key, and space for the database on a local disk.",
        };
        Option<string?> scratchDirectory = ScratchDirectory();

        Command verb = new("verify", "Read a snapshot as a restore would, and check every byte.")
        {
            id, all, deep, scratchDirectory,
        };
        point.AddTo(verb);
        repository.AddTo(verb);
        keys.AddTo(verb);
        output.AddTo(verb);
        verb.SetAction(async (parsed, cancellationToken) =>
        {
            string? idText = parsed.GetValue(id);
            bool isDeep = parsed.GetValue(deep);
            string? scratch = parsed.GetValue(scratchDirectory);
            bool hasPoint = point.IsGiven(parsed);
            Validate(idText, parsed.GetValue(all), hasPoint, isDeep);
            RestoreSelection selection = point.Read(parsed, idText, repository);
            using OpenedRepository opened = await repository.OpenAsync(parsed, cancellationToken);
            using OpenedKeys openedKeys = await keys.ReadAsync(parsed, opened, required: isDeep, cancellationToken);
            if (isDeep)
            {
                DeepVerifyRun deepRun = new(
                    opened.Repository,
                    openedKeys.Identities,
                    scratch ?? Path.GetTempPath(),
                    AgentVersion.Text,
                    wiring.Time);
                IReadOnlyList<DeepVerifyOutcome> found =
                    await VerifyDeeplyAsync(deepRun, selection, hasPoint, cancellationToken);
                return Report(parsed, output, found, opened.Address);
            }

            VerifyRun run = new(opened.Repository, openedKeys.Identities)
            {
                Scratch = ScratchOption.SpaceIn(scratch),
            };
            IReadOnlyList<VerifyOutcome> outcomes = await TransferDisplay.ShowAsync<IReadOnlyList<VerifyOutcome>>(
                async progress => idText is null
                    ? await run.VerifyAllAsync(progress, cancellationToken).ToListAsync(cancellationToken)
                    : [await run.VerifyAsync(idText, progress, cancellationToken)]);
            output.Write(parsed, Document(outcomes), console => WriteText(console, outcomes, opened.Address));
            return outcomes.All(o => o.IsSound) ? ExitCodes.Success : ExitCodes.Of(FailureReason.DataDamaged);
        });
        return verb.WithExample(
            "etcd-backup-agent verify latest --repository file:///var/backups/etcd\n"
            + "etcd-backup-agent verify --deep latest --repository file:///var/backups/etcd --passphrase-file "
            + "/root/backup-passphrase\n"
            + "etcd-backup-agent verify --all --resources /etc/etcd-backup-agent --location remote-minio");
    }

    private static Option<string?> ScratchDirectory() => new("--scratch-dir")
    {
        Description = "Directory for a file without a name. With --deep, it contains an unencrypted copy of the "
            + "database (default: the system's directory for temporary files); otherwise a sealed copy of the base of "
            + "an incremental snapshot (default: that of 'backup').",
        HelpName = "DIR",
    };

    private static Task<IReadOnlyList<DeepVerifyOutcome>> VerifyDeeplyAsync(
        DeepVerifyRun run, RestoreSelection selection, bool hasPoint, CancellationToken cancellationToken) =>
        TransferDisplay.ShowAsync<IReadOnlyList<DeepVerifyOutcome>>(async progress => hasPoint
            ? [await run.VerifyAsync(selection, progress, cancellationToken)]
            : await run.VerifyAsync(selection.SnapshotId, progress, cancellationToken).ToListAsync(cancellationToken));

    private static int Report(
        ParseResult parsed, OutputOptions output, IReadOnlyList<DeepVerifyOutcome> found, string address)
    {
        output.Write(parsed, VerificationText.Document(found), console => WriteText(console, found, address));
        WriteRecordFailures(found);
        return ExitCodeOf(found);
    }

    private static void Validate(string? id, bool all, bool hasPoint, bool isDeep)
    {
        if (hasPoint && !isDeep)
        {
            throw new BackupException(FailureReason.InvalidInput, "--at and --revision need --deep.")
            {
                Hint = "Only 'verify --deep' builds the database of another revision and examines it.",
            };
        }

        if (hasPoint ? all : all == (id is not null))
        {
            throw new BackupException(
                FailureReason.InvalidInput, "verify takes either one snapshot ID, --at, --revision or --all.")
            {
                Hint = "'etcd-backup-agent verify latest' checks the newest one.",
            };
        }
    }

    /// <summary>Writes why results could not be recorded in the repository.</summary>
    private static void WriteRecordFailures(IEnumerable<DeepVerifyOutcome> outcomes)
    {
        foreach (BackupException failure in outcomes.Select(o => o.RecordFailure).OfType<BackupException>())
        {
            FailureText.Write(failure);
        }
    }

    /// <summary>The exit code. Damage has priority over a result that could not be recorded.</summary>
    private static int ExitCodeOf(IReadOnlyList<DeepVerifyOutcome> outcomes) =>
        !outcomes.All(o => o.IsSound) ? ExitCodes.Of(FailureReason.DataDamaged)
            : outcomes.Select(o => o.RecordFailure).OfType<BackupException>().FirstOrDefault() is { } failure
                ? ExitCodes.Of(failure.Reason)
                : ExitCodes.Success;

    private static JsonArray Document(IEnumerable<VerifyOutcome> outcomes) => new(
    [
        .. outcomes.Select(o => new JsonObject
        {
            ["id"] = o.Folder.Id.Value,
            ["sound"] = o.IsSound,
            ["notOpened"] = new JsonArray([.. o.NotOpened.Select(a => JsonValue.Create(a.Key.Value))]),
            ["notMerged"] = o.NotMergedReason,
            ["problems"] = new JsonArray([.. o.Problems.Select(p => JsonValue.Create(p.Message))]),
        }),
    ]);

    private static void WriteText(IAnsiConsole console, IReadOnlyList<DeepVerifyOutcome> outcomes, string address)
    {
        WriteIfNone(console, outcomes.Count, address);
        foreach (DeepVerifyOutcome outcome in outcomes)
        {
            VerificationText.Write(console, outcome);
        }
    }

    private static void WriteIfNone(IAnsiConsole console, int snapshots, string address)
    {
        if (snapshots == 0)
        {
            console.WriteLine($"There is no snapshot in {address} yet.");
        }
    }

    private static void WriteText(IAnsiConsole console, IReadOnlyList<VerifyOutcome> outcomes, string address)
    {
        WriteIfNone(console, outcomes.Count, address);
        foreach (VerifyOutcome outcome in outcomes)
        {
            string bytes = outcome.Manifest is { } manifest ? $" ({Readable.Bytes(manifest.PlainBytes)})" : "";
            console.Write($"{outcome.Folder.Id}: ");
            console.Write(outcome.IsSound ? "sound" : "DAMAGED", new Style(outcome.IsSound ? Color.Green : Color.Red));
            console.WriteLine(bytes);
            foreach (ArtifactManifest artifact in outcome.NotOpened)
            {
                console.WriteLine(
                    $"  {artifact.Key}: stored bytes only; the content was not checked, because it is encrypted and no "
                    + "key was given");
            }

            if (outcome.NotMergedReason is { } reason)
            {
                console.WriteLine(
                    $"  not merged with its base {outcome.Manifest?.Base?.Id}, so it is not known whether both belong "
                    + $"together: {reason}");
            }

            foreach (BackupException problem in outcome.Problems)
            {
                console.WriteLine($"  {problem.Message}");
            }
        }
    }
}
