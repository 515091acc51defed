using System.CommandLine;
using EtcdBackupAgent.Composition;
using EtcdBackupAgent.Configuration;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Keys;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Output;
using Microsoft.Extensions.Logging;
using Spectre.Console;

namespace EtcdBackupAgent.Commands;

/// <summary><c>backup</c>: makes one backup now, and prunes what the policy no longer keeps.</summary>
internal sealed class BackupCommand
{
    /// <summary>The policy's name where none is given and none is needed.</summary>
    private const string PolicyNameDefault = "default";

    private readonly RepositoryOptions _repository = new();
    private readonly EtcdOptions _etcd = new();
    private readonly LogOptions _logs;
    private readonly OutputOptions _output = new();

    private readonly Option<string?> _certsDir = new("--certs-dir")
    {
        Description = "Directory to back up beside the database, such as /etc/kubernetes/pki.",
        HelpName = "DIR",
    };

    private readonly Option<int?> _retain = new Option<int?>("--retain")
    {
        Description = "Prune afterwards to this many snapshots of the policy; without it nothing is pruned. "
            + "A policy document says its own.",
        HelpName = "N",
    }.AtLeastOne();

    private readonly Option<string[]> _recipients = new("--recipient")
    {
        Description = "Back up only if the repository encrypts to exactly this age recipient; may be given several times. With --resources "
            + "the location is held to what it says, or to its pin.",
        HelpName = "AGE1…",
    };

    private BackupCommand(LogOptions logs) => _logs = logs;

    public static Command Create(LogOptions logs)
    {
        BackupCommand backup = new(logs);
        backup._repository.Policy.Description =
            "With --resources: the policy to run. With --repository: the name to file the snapshot under "
            + $"(default: {PolicyNameDefault}).";

        Command verb = new("backup", "Back up etcd and the certificates directory now.");
        backup._repository.AddTo(verb);
        backup._etcd.AddTo(verb);
        verb.Add(backup._certsDir);
        verb.Add(backup._retain);
        verb.Add(backup._recipients);
        backup._output.AddTo(verb);
        verb.SetAction(backup.ExecuteAsync);
        return verb.WithExample(
            "etcd-backup-agent backup --repository file:///var/backups/etcd --certs-dir /etc/kubernetes/pki \\\n"
            + "  --etcd-endpoint https://127.0.0.1:2379 --etcd-ca-file /etc/kubernetes/pki/etcd/ca.crt \\\n"
            + "  --etcd-cert-file /etc/kubernetes/pki/etcd/healthcheck-client.crt \\\n"
            + "  --etcd-key-file /etc/kubernetes/pki/etcd/healthcheck-client.key\n"
            + "etcd-backup-agent backup --resources /etc/etcd-backup-agent --policy nightly");
    }

    private async Task<int> ExecuteAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        // 1. what to do
        ILoggerFactory loggers = _logs.Loggers(parsed);
        RepositoryChoice choice = await _repository.ReadAsync(parsed, cancellationToken);
        BackupPlan plan = choice is ResourceRepository named
            ? PlanOfPolicy(parsed, named)
            : await PlanOfOptionsAsync(parsed, cancellationToken);

        // 2. the backup
        using OpenedRepository opened = await RepositoryOptions.OpenAsync(choice, parsed, _logs, cancellationToken);
        BackupRepository repository = opened.Repository;
        await Wiring.RequireProtectionAsync(choice, repository, cancellationToken);
        if (parsed.GetValue(_recipients) is { Length: > 0 } expected)
        {
            ProtectionCheck.RequireRecipients(repository, [.. expected.Select(r => RecipientText.Parse(r).ToString())]);
        }

        BackupRun run = Wiring.BackupRun(repository, plan.Etcd, loggers);
        BackupOutcome outcome = await TransferDisplay.ShowAsync(
            progress => run.ExecuteAsync(plan.Request(BackupReason.OnDemand), progress, cancellationToken));
        foreach (string warning in outcome.Warnings)
        {
            FailureText.WriteWarning(warning);
        }

        // 3. what became of it
        _output.Write(parsed, outcome.Manifest.ToJson(), console => WriteText(console, outcome, opened.Address));
        return outcome.PruneFailure is { } pruneFailure ? throw pruneFailure : ExitCodes.Success;
    }

    private static void WriteText(IAnsiConsole console, BackupOutcome outcome, string address)
    {
        SnapshotManifest manifest = outcome.Manifest;
        console.WriteLine($"Backup completed, snapshot ID: {manifest.Id}");
        console.WriteLine(
            $"{Readable.Bytes(manifest.PlainBytes)} stored as {Readable.Bytes(manifest.StoredBytes)} "
            + $"in {Readable.Duration(manifest.Duration)}, etcd revision {manifest.Etcd.Revision}, in {address}");
        if (outcome.Pruned is { } pruned)
        {
            console.WriteLine(PruneText.Summary(pruned, dryRun: false));
        }
    }

    private BackupPlan PlanOfPolicy(ParseResult parsed, ResourceRepository named)
    {
        string? foreign = _etcd.FirstGiven(parsed)
            ?? new Option[] { _certsDir, _retain, _recipients }.FirstOrDefault(o => parsed.GetResult(o) is { Implicit: false })?.Name;
        if (foreign is not null)
        {
            throw new BackupException(FailureReason.InvalidInput, $"{foreign} does not go with --resources.")
            {
                Hint = "The policy document says it.",
            };
        }

        return named.Policy is { } policy
            ? BackupPlan.Of(policy, named.Resources)
            : throw new BackupException(FailureReason.InvalidInput, "backup --resources needs --policy NAME.");
    }

    private async Task<BackupPlan> PlanOfOptionsAsync(ParseResult parsed, CancellationToken cancellationToken) => new()
    {
        Etcd = await _etcd.ReadAsync(parsed, cancellationToken),
        CertsDirectory = parsed.GetValue(_certsDir),
        Policy = _repository.ReadPolicyName(parsed) ?? new ResourceName(ResourceName.NamespaceDefault, PolicyNameDefault),
        Retain = parsed.GetValue(_retain),
    };
}
