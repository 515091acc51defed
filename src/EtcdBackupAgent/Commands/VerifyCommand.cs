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
internal sealed class VerifyCommand(LogOptions logs, Wiring wiring)
{
    private readonly RepositoryOptions _repository = new(logs, wiring);
    private readonly KeyOptions _keys = new(wiring.Time);
    private readonly OutputOptions _output = new();
    private readonly PointOptions _point = new();

    private readonly Argument<string?> _id = new("ID")
    {
        Description = "The snapshot: its ID, its beginning, its name, or 'latest'. It is not given with --all, "
            + "--windows or --at, and may be left out with --revision.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<bool> _all = new("--all") { Description = "Verify every snapshot of the repository." };

    private readonly Option<bool> _windows = new("--windows")
    {
        Description = "With --deep: prove the change logs. Each snapshot of a log is built from the one before it and "
            + "the changes, and compared with etcd's own hash of it.",
    };

    private readonly Option<bool> _deep = new("--deep")
    {
        Description = "Examine the database too: pages, revisions, etcd's own hash; and record the result beside "
            + "the snapshot. Needs a key, and space for the database on a local disk.",
    };

    private readonly Option<string?> _scratchDirectory = new("--scratch-dir")
    {
        Description = "Directory for a file without a name. With --deep, it contains an unencrypted copy of the "
            + "database (default: the system's directory for temporary files); otherwise a sealed copy of the base of "
            + "an incremental snapshot (default: that of 'backup').",
        HelpName = "DIR",
    };

    public static Command Create(LogOptions logs, Wiring wiring)
    {
        VerifyCommand verify = new(logs, wiring);
        Command verb = new("verify", "Read a snapshot as a restore would, and check every byte.")
        {
            verify._id, verify._all, verify._windows, verify._deep, verify._scratchDirectory,
        };
        verify._point.AddTo(verb);
        verify._repository.AddReadingTo(verb);
        verify._keys.AddTo(verb);
        verify._output.AddTo(verb);
        verb.SetAction(verify.ExecuteAsync);
        return verb.WithExample(
            "etcd-backup-agent verify latest --repository file:///var/backups/etcd\n"
            + "etcd-backup-agent verify --deep latest --repository file:///var/backups/etcd --passphrase-file "
            + "/root/backup-passphrase\n"
            + "etcd-backup-agent verify --deep --windows --repository file:///var/backups/etcd --passphrase-file "
            + "/root/backup-passphrase\n"
            + "etcd-backup-agent verify --all --resources /etc/etcd-backup-agent --location remote-minio");
    }

    private async Task<int> ExecuteAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        string? idText = parsed.GetValue(_id);
        bool isDeep = parsed.GetValue(_deep);
        RestoreSelection selection = _point.Read(parsed, idText, _repository);
        Validate(idText, parsed.GetValue(_all), HasPoint(selection), parsed.GetValue(_windows), isDeep);
        using OpenedRepository opened = await _repository.OpenAsync(parsed, cancellationToken);
        using OpenedKeys keys = await _keys.ReadAsync(parsed, opened, required: isDeep, cancellationToken);
        return isDeep
            ? await VerifyDeeplyAsync(parsed, selection, opened, keys, cancellationToken)
            : await VerifyAsync(parsed, idText, opened, keys, cancellationToken);
    }

    private async Task<int> VerifyAsync(
        ParseResult parsed,
        string? idText,
        OpenedRepository opened,
        OpenedKeys keys,
        CancellationToken cancellationToken)
    {
        VerifyRun run = new(opened.Repository, keys.Identities)
        {
            Scratch = ScratchOption.SpaceIn(parsed.GetValue(_scratchDirectory)),
        };
        IReadOnlyList<VerifyOutcome> outcomes = await TransferDisplay.ShowAsync<IReadOnlyList<VerifyOutcome>>(
            async progress => idText is null
                ? await run.VerifyAllAsync(progress, cancellationToken).ToListAsync(cancellationToken)
                : [await run.VerifyAsync(idText, progress, cancellationToken)]);
        _output.Write(
            parsed, Document(outcomes), console => WriteText(console, outcomes, NoSnapshot(opened.Address)));
        return outcomes.All(o => o.IsSound) ? ExitCodes.Success : ExitCodes.Of(FailureReason.DataDamaged);
    }

    private async Task<int> VerifyDeeplyAsync(
        ParseResult parsed,
        RestoreSelection selection,
        OpenedRepository opened,
        OpenedKeys keys,
        CancellationToken cancellationToken)
    {
        bool isOfWindows = parsed.GetValue(_windows);
        DeepVerifyRun run = new(
            opened.Repository,
            keys.Identities,
            parsed.GetValue(_scratchDirectory) ?? Path.GetTempPath(),
            AgentVersion.Text,
            wiring.Time);
        LogProofRun proofs = new(opened.Repository, run, AgentVersion.Text, wiring.Time);
        IReadOnlyList<DeepVerifyOutcome> found = await TransferDisplay.ShowAsync<IReadOnlyList<DeepVerifyOutcome>>(
            async progress => isOfWindows
                ? await proofs.ExecuteAsync(_repository.ReadPolicyName(parsed), progress, cancellationToken)
                    .ToListAsync(cancellationToken)
                : HasPoint(selection)
                ? [await run.VerifyAsync(selection, progress, cancellationToken)]
                : await run.VerifyAsync(selection.SnapshotId, progress, cancellationToken)
                    .ToListAsync(cancellationToken));
        string none = isOfWindows
            ? $"No change log in {opened.Address} can be proven yet: that takes two snapshots of one log, and etcd's "
                + "own hash of the later one."
            : NoSnapshot(opened.Address);
        _output.Write(parsed, VerificationText.Document(found), console => WriteText(console, found, none));
        WriteRecordFailures(found);
        return ExitCodeOf(found);
    }

    /// <summary>Whether another state than that of a snapshot is selected.</summary>
    private static bool HasPoint(RestoreSelection selection) =>
        selection.Revision is not null || selection.Time is not null;

    private static void Validate(string? id, bool all, bool hasPoint, bool isOfWindows, bool isDeep)
    {
        if ((hasPoint || isOfWindows) && !isDeep)
        {
            throw new BackupException(
                FailureReason.InvalidInput,
                isOfWindows ? "--windows needs --deep." : "--at and --revision need --deep.")
            {
                Hint = "Only 'verify --deep' builds the database of another revision and examines it.",
            };
        }

        int choices = (all ? 1 : 0) + (isOfWindows ? 1 : 0) + (hasPoint ? 1 : id is null ? 0 : 1);
        if (choices != 1)
        {
            throw new BackupException(
                FailureReason.InvalidInput,
                "verify takes either one snapshot ID, --at, --revision, --windows or --all.")
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

    private static void WriteText(IAnsiConsole console, IReadOnlyList<DeepVerifyOutcome> outcomes, string none)
    {
        WriteIfNone(console, outcomes.Count, none);
        foreach (DeepVerifyOutcome outcome in outcomes)
        {
            VerificationText.Write(console, outcome);
        }
    }

    private static string NoSnapshot(string address) => $"There is no snapshot in {address} yet.";

    private static void WriteIfNone(IAnsiConsole console, int outcomes, string none)
    {
        if (outcomes == 0)
        {
            console.WriteLine(none);
        }
    }

    private static void WriteText(IAnsiConsole console, IReadOnlyList<VerifyOutcome> outcomes, string none)
    {
        WriteIfNone(console, outcomes.Count, none);
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
