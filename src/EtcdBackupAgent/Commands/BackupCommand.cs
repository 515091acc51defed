using System.CommandLine;
using EtcdBackupAgent.Composition;
using EtcdBackupAgent.Configuration;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Keys;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Observability.Metrics;
using EtcdBackupAgent.Observability.Otlp;
using EtcdBackupAgent.Output;
using EtcdBackupAgent.Pods;
using EtcdBackupAgent.Runtime;
using EtcdBackupAgent.Worker;
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

    private readonly Option<PolicyHashKv?> _hashKv = new Option<PolicyHashKv?>("--hash-kv")
    {
        Description = "When to ask etcd for the hash of its content, for which it stands still a moment: daily, "
            + "after-backup or never (default: daily, and not above 4 GiB). A policy document says its own.",
        HelpName = "WHEN",
    }.OneOf(PolicyHashKv.Daily, PolicyHashKv.AfterBackup, PolicyHashKv.Never);

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

    private readonly ScratchOption _scratch = new();
    private readonly KubernetesOptions _kubernetes = new();

    private readonly Option<string?> _etcdCredentials = new("--etcd-creds-dir")
    {
        Description = "With --kubernetes, in a pod: take the Secrets from the pod and not from the API. This is where the one for etcd is "
            + "mounted (ca.crt, client.crt, client.key); the location's are in the environment.",
        HelpName = "DIR",
    };

    private BackupCommand(LogOptions logs) => _logs = logs;

    public static Command Create(LogOptions logs)
    {
        BackupCommand backup = new(logs);
        backup._repository.Policy.Description =
            "With --resources and --kubernetes: the policy to run. With --repository: the name to file the snapshot under "
            + $"(default: {PolicyNameDefault}).";

        Command verb = new("backup", "Back up etcd and the certificates directory now.");
        backup._repository.AddTo(verb);
        backup._etcd.AddTo(verb);
        verb.Add(backup._certsDir);
        verb.Add(backup._hashKv);
        verb.Add(backup._retain);
        verb.Add(backup._recipients);
        backup._scratch.AddTo(verb);
        backup._kubernetes.AddTo(verb);
        verb.Add(backup._etcdCredentials);
        backup._output.AddTo(verb);
        verb.SetAction(backup.ExecuteAsync);
        return verb.WithExample(
            "etcd-backup-agent backup --repository file:///var/backups/etcd --certs-dir /etc/kubernetes/pki \\\n"
            + "  --etcd-endpoint https://127.0.0.1:2379 --etcd-ca-file /etc/kubernetes/pki/etcd/ca.crt \\\n"
            + "  --etcd-cert-file /etc/kubernetes/pki/etcd/healthcheck-client.crt \\\n"
            + "  --etcd-key-file /etc/kubernetes/pki/etcd/healthcheck-client.key\n"
            + "etcd-backup-agent backup --resources /etc/etcd-backup-agent --policy nightly\n"
            + "etcd-backup-agent backup --kubernetes --policy nightly");
    }

    /// <summary>By what is told: a policy in a cluster, a policy in documents, or options.</summary>
    private async Task<int> ExecuteAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        bool isInCluster = _kubernetes.IsChosen(parsed);
        using AgentMetrics metrics = new(AgentVersion.Text, Wiring.Time);
        await using OtlpExport? export = OtlpExport.Start(AgentVersion.Text, FailureText.WriteWarning);
        MeasuredBackup measured = new(metrics, Wiring.Time);
        (BackupOutcome outcome, string address) = isInCluster
            ? await BackUpPolicyOfClusterAsync(parsed, measured, cancellationToken)
            : await BackUpAsync(parsed, measured, cancellationToken);
        foreach (string warning in outcome.Warnings)
        {
            FailureText.WriteWarning(warning);
        }

        _output.Write(parsed, outcome.Manifest.ToJson(), console => WriteText(console, outcome, address));
        return (outcome.VerifyFailure ?? outcome.PruneFailure) is { } failure ? throw failure : ExitCodes.Success;
    }

    private async Task<(BackupOutcome Outcome, string Address)> BackUpPolicyOfClusterAsync(
        ParseResult parsed, MeasuredBackup measured, CancellationToken cancellationToken)
    {
        RefuseWhatAPolicySays(parsed, "--kubernetes", _repository.FirstGiven(parsed));
        string policy = parsed.GetValue(_repository.Policy)
            ?? throw new BackupException(FailureReason.InvalidInput, "backup --kubernetes needs --policy NAME.")
            {
                Hint = "'kubectl get metadatabackuppolicies' shows the names.",
            };
        if (policy.Contains('/', StringComparison.Ordinal))
        {
            throw new BackupException(FailureReason.InvalidInput, $"--policy '{policy}' is no NAME.")
            {
                Hint = "With --kubernetes the namespace is said with --namespace.",
            };
        }

        using ConnectedCluster cluster = await _kubernetes.ConnectAsync(parsed, cancellationToken);
        ClusterBackup backup = new(cluster, _logs.Loggers(parsed))
        {
            EtcdCredentialsDirectory = parsed.GetValue(_etcdCredentials),
            Scratch = _scratch.Read(parsed),
        };
        string address = "";
        BackupOutcome outcome = await measured.ExecuteAsync(
            new ResourceName(cluster.Namespace, policy),
            location: null,
            async () =>
            {
                (BackupOutcome made, address) = await TransferDisplay.ShowAsync(
                    progress => backup.ExecuteAsync(policy, progress, FailureText.WriteWarning, cancellationToken));
                return made;
            });
        return (outcome, address);
    }

    private async Task<(BackupOutcome Outcome, string Address)> BackUpAsync(
        ParseResult parsed, MeasuredBackup measured, CancellationToken cancellationToken)
    {
        // 1. what to do
        if (parsed.GetResult(_etcdCredentials) is { Implicit: false })
        {
            throw KubernetesOptions.Needed(_etcdCredentials);
        }

        ILoggerFactory loggers = _logs.Loggers(parsed);
        RepositoryChoice choice = await _repository.ReadAsync(parsed, cancellationToken);
        BackupPlan plan = choice is ResourceRepository named
            ? PlanOfPolicy(parsed, named)
            : await PlanOfOptionsAsync(parsed, cancellationToken);

        // 2. the backup
        string address = "";
        BackupOutcome outcome = await measured.ExecuteAsync(
            plan.Policy,
            (choice as ResourceRepository)?.Location.Name,
            async () =>
            {
                using OpenedRepository opened =
                    await RepositoryOptions.OpenAsync(choice, parsed, _logs, cancellationToken);
                address = opened.Address;
                return await BackUpAsync(opened, plan, parsed, loggers, cancellationToken);
            });
        return (outcome, address);
    }

    private async Task<BackupOutcome> BackUpAsync(
        OpenedRepository opened,
        BackupPlan plan,
        ParseResult parsed,
        ILoggerFactory loggers,
        CancellationToken cancellationToken)
    {
        BackupRepository repository = opened.Repository;
        await Wiring.RequireProtectionAsync(opened.Choice, repository, cancellationToken);
        if (parsed.GetValue(_recipients) is { Length: > 0 } expected)
        {
            ProtectionCheck.RequireRecipients(repository, [.. expected.Select(r => RecipientText.Parse(r).ToString())]);
        }

        BackupRun run = Wiring.BackupRun(repository, plan, token => OpenKeysAsync(opened, token), _scratch.Read(parsed), loggers);
        return await TransferDisplay.ShowAsync(
            progress => run.ExecuteAsync(plan.Request(BackupReason.OnDemand), progress, cancellationToken));
    }

    /// <summary>Only a policy asks for a verification, and its location has the key.</summary>
    private static Task<OpenedKeys> OpenKeysAsync(OpenedRepository opened, CancellationToken cancellationToken) =>
        opened.Choice is ResourceRepository named
            ? Wiring.OpenKeysAsync(opened.Repository, named.Location, named.Resources, cancellationToken)
            : Task.FromResult(new OpenedKeys([]));

    private static void WriteText(IAnsiConsole console, BackupOutcome outcome, string address)
    {
        SnapshotManifest manifest = outcome.Manifest;
        console.WriteLine($"Backup completed, snapshot ID: {manifest.Id}");
        console.WriteLine(
            $"{Readable.Bytes(manifest.PlainBytes)} stored as {Readable.Bytes(manifest.StoredBytes)} "
            + $"in {Readable.Duration(manifest.Duration)}, etcd revision {manifest.Etcd.Revision}, in {address}");
        if (outcome.Verified is { } verified)
        {
            VerificationText.Write(console, verified);
        }

        if (outcome.Pruned is { } pruned)
        {
            console.WriteLine(PruneText.Summary(pruned, dryRun: false));
        }
    }

    private void RefuseWhatAPolicySays(ParseResult parsed, string way, string? repositoryOption)
    {
        string? foreign = repositoryOption
            ?? _etcd.FirstGiven(parsed)
            ?? new Option[] { _certsDir, _hashKv, _retain, _recipients }
                .FirstOrDefault(o => parsed.GetResult(o) is { Implicit: false })?.Name;
        if (foreign is not null)
        {
            throw new BackupException(FailureReason.InvalidInput, $"{foreign} does not go with {way}.")
            {
                Hint = "The policy document says it.",
            };
        }
    }

    private BackupPlan PlanOfPolicy(ParseResult parsed, ResourceRepository named)
    {
        RefuseWhatAPolicySays(parsed, "--resources", repositoryOption: null);
        return named.Policy is { } policy
            ? BackupPlan.Of(policy, named.Resources)
            : throw new BackupException(FailureReason.InvalidInput, "backup --resources needs --policy NAME.");
    }

    private async Task<BackupPlan> PlanOfOptionsAsync(ParseResult parsed, CancellationToken cancellationToken) => new()
    {
        Etcd = await _etcd.ReadAsync(parsed, cancellationToken),
        CertsDirectory = parsed.GetValue(_certsDir),
        Policy = _repository.ReadPolicyName(parsed) ?? new ResourceName(ResourceName.NamespaceDefault, PolicyNameDefault),
        HashKv = parsed.GetValue(_hashKv) ?? PolicyHashKv.Daily,
        Retain = parsed.GetValue(_retain),
    };
}
