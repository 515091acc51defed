using System.CommandLine;
using EtcdBackupAgent.Composition;
using EtcdBackupAgent.Configuration;
using EtcdBackupAgent.Core.Artifacts;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Keys;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Signatures;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Core.Transfers;
using EtcdBackupAgent.Etcd;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Observability.Metrics;
using EtcdBackupAgent.Observability.Otlp;
using EtcdBackupAgent.Output;
using EtcdBackupAgent.Pods;
using EtcdBackupAgent.Resources.Directories;
using EtcdBackupAgent.Runtime;
using EtcdBackupAgent.Worker;
using Microsoft.Extensions.Logging;
using Spectre.Console;

namespace EtcdBackupAgent.Commands;

/// <summary><c>backup</c>: makes one backup now, and prunes the snapshots that the policy no longer keeps.</summary>
internal sealed class BackupCommand(LogOptions logs, Wiring wiring)
{
    private readonly RepositoryOptions _repository = new(logs, wiring);
    private readonly EtcdOptions _etcd = new();
    private readonly OutputOptions _output = new();

    private readonly ObjectsOptions _objects = new();

    private readonly Option<string?> _certsDir = new("--certs-dir")
    {
        Description = "Directory to back up in addition to the database, such as /etc/kubernetes/pki.",
        HelpName = "DIR",
    };

    private readonly Option<PolicyHashKv?> _hashKv = new Option<PolicyHashKv?>("--hash-kv")
    {
        Description = "When to ask etcd for the hash of its content, which blocks its writes for a moment: daily, "
            + "after-backup or never (default: daily, and only up to 4 GiB). A policy document sets its own value.",
        HelpName = "WHEN",
    }.OneOf(PolicyHashKv.Daily, PolicyHashKv.AfterBackup, PolicyHashKv.Never);

    private readonly Option<bool> _incremental = new("--incremental")
    {
        Description = "Store only what changed since the newest full snapshot of the policy, if that is less than "
            + "24 hours old and the changes are at most 30 % of it; otherwise a full one. A policy document sets its "
            + "own rules.",
    };

    private readonly RetentionOptions _retention = new(
        "After the backup, prune the policy: keep this many of the newest snapshots. Without an option of retention, "
        + "nothing is pruned. A policy document sets its own retention.");

    private readonly Option<string[]> _recipients = new("--recipient")
    {
        Description = "Back up only if the repository encrypts to exactly this age recipient; can be repeated. "
            + "With --resources, the repository must encrypt to the recipients of the BackupLocation, or of its pin.",
        HelpName = "AGE1…",
    };

    private readonly OccasionOptions _occasion = new();
    private readonly ScratchOption _scratch = new();
    private readonly KubernetesOptions _kubernetes = new(wiring.Time);
    private readonly PolicyOptions _policy = new("backup");

    public static Command Create(LogOptions logs, Wiring wiring)
    {
        BackupCommand backup = new(logs, wiring);
        backup._repository.Policy.Description =
            "With --resources and --kubernetes: the policy to run. With --repository: the policy name to record in the "
            + $"snapshot (default: {ResourceName.PolicyDefault}).";

        Command verb = new("backup", "Back up etcd, or a cluster's objects, and the certificates directory now.");
        backup._repository.AddSigningTo(verb);
        backup._etcd.AddTo(verb);
        backup._objects.AddTo(verb);
        verb.Add(backup._certsDir);
        verb.Add(backup._hashKv);
        verb.Add(backup._incremental);
        backup._retention.AddTo(verb);
        verb.Add(backup._recipients);
        backup._occasion.AddTo(verb);
        backup._scratch.AddTo(verb);
        backup._kubernetes.AddTo(verb);
        backup._policy.AddTo(verb);
        backup._output.AddTo(verb);
        verb.SetAction(backup.ExecuteAsync);
        return verb.WithExample(
            "etcd-backup-agent backup --repository file:///var/backups/etcd --certs-dir /etc/kubernetes/pki \\\n"
            + "  --etcd-endpoint https://127.0.0.1:2379 --etcd-ca-file /etc/kubernetes/pki/etcd/ca.crt \\\n"
            + "  --etcd-cert-file /etc/kubernetes/pki/etcd/healthcheck-client.crt \\\n"
            + "  --etcd-key-file /etc/kubernetes/pki/etcd/healthcheck-client.key\n"
            + "etcd-backup-agent backup --resources /etc/etcd-backup-agent --policy nightly\n"
            + "etcd-backup-agent backup --resources /etc/etcd-backup-agent --policy nightly \\\n"
            + "  --reason 'before the upgrade to 1.37' --label release=1.36.4 --name-suffix 1.36.4\n"
            + "etcd-backup-agent backup --kubernetes --policy nightly\n"
            + "etcd-backup-agent backup --source objects --include-namespaces 'team-*' --repository "
            + "file:///var/backups/etcd");
    }

    /// <remarks>
    /// 1. Read the options: they name a policy in a cluster, a policy in documents, or every setting.
    /// 2. Back up, and record metrics.
    /// 3. Print the warnings and the snapshot.
    /// </remarks>
    private async Task<int> ExecuteAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        // 1
        PolicyObjects? objects = _objects.Read(parsed);
        RequestedBackup requested = _kubernetes.IsChosen(parsed, clusterIsUsed: objects is not null)
            ? await ReadClusterAsync(parsed, cancellationToken)
            : await ReadRepositoryAsync(parsed, objects, cancellationToken);

        // 2
        using AgentMetrics metrics = new(AgentVersion.Text, wiring.Time);
        await using OtlpExport? export = OtlpExport.Start(AgentVersion.Text, FailureText.WriteWarning);
        BackupOutcome outcome = await new MeasuredBackup(metrics, wiring.Time).ExecuteAsync(
            requested.Policy,
            requested.Location,
            () => TransferDisplay.ShowAsync(progress => requested.BackUpAsync(progress, cancellationToken)));

        // 3
        foreach (string warning in outcome.Warnings)
        {
            FailureText.WriteWarning(warning);
        }

        _output.Write(parsed, outcome.Manifest.ToJson(), console => WriteText(console, outcome));
        return (outcome.VerifyFailure ?? outcome.PruneFailure) is { } failure ? throw failure : ExitCodes.Success;
    }

    private async Task<RequestedBackup> ReadClusterAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        ClusterPolicyChoice choice = _policy.ReadCluster(parsed, _repository, FirstSetting(parsed));
        BackupOccasion occasion = _occasion.Read(parsed, BackupReason.OnDemand);
        PolicyBackupParts parts = wiring.BackupParts(_scratch.Read(parsed), logs.Loggers(parsed));
        ConnectedCluster cluster = await _kubernetes.ConnectAsync(parsed, cancellationToken);
        ResourceName name = new(cluster.Namespace, choice.Policy);
        parts = parts with
        {
            OpenObjects = (selected, _) =>
                Task.FromResult(OpenedBackupSource.Of(cluster.Client.Connection, selected, wiring.Time)),
        };
        return new RequestedBackup(name, Location: null, async (progress, token) =>
        {
            using (cluster)
            {
                ClusterBackup backup =
                    new(cluster, parts) { EtcdCredentialsDirectory = choice.EtcdCredentialsDirectory };
                return await backup.ExecuteAsync(choice.Policy, occasion, progress, FailureText.WriteWarning, token);
            }
        });
    }

    private async Task<RequestedBackup> ReadRepositoryAsync(
        ParseResult parsed, PolicyObjects? objects, CancellationToken cancellationToken)
    {
        _policy.RejectClusterOptions(parsed);
        RepositoryChoice choice = await _repository.ReadAsync(parsed, cancellationToken);
        return choice is ResourceRepository repository
            ? ReadDocuments(parsed, repository)
            : await ReadOptionsAsync(parsed, choice, objects, cancellationToken);
    }

    private RequestedBackup ReadDocuments(ParseResult parsed, ResourceRepository repository)
    {
        BackupPolicy policy = _policy.ReadDocument(repository, FirstSetting(parsed));
        PolicyBackup backup = new(
            wiring.BackupParts(_scratch.Read(parsed), logs.Loggers(parsed)),
            new DirectoryRecipientPins(repository.Directory));
        BackupOccasion occasion = _occasion.Read(parsed, BackupReason.OnDemand);
        return new RequestedBackup(
            policy.Name,
            repository.Location.Name,
            (progress, token) => backup.ExecuteAsync(
                policy, repository.Resources, occasion, log: null, progress, token));
    }

    private async Task<RequestedBackup> ReadOptionsAsync(
        ParseResult parsed, RepositoryChoice choice, PolicyObjects? objects, CancellationToken cancellationToken)
    {
        Func<OpenedBackupSource> open = await ReadSourceAsync(parsed, objects, cancellationToken);
        BackupRequest request = new()
        {
            Policy = _repository.ReadPolicyName(parsed)
                ?? new ResourceName(ResourceName.NamespaceDefault, ResourceName.PolicyDefault),
            Occasion = _occasion.Read(parsed, BackupReason.OnDemand),
            CertsDirectory = parsed.GetValue(_certsDir),
            HashKv = parsed.GetValue(_hashKv) ?? PolicyHashKv.Daily,
            Increments = parsed.GetValue(_incremental) ? new PolicyIncrements() : null,
            Retention = _retention.Read(parsed),
        };
        string[] recipients = [.. (parsed.GetValue(_recipients) ?? []).Select(r => RecipientText.Parse(r).ToString())];
        ScratchSpace scratch = _scratch.Read(parsed);
        ILoggerFactory loggers = logs.Loggers(parsed);
        DocumentSigning signing = await _repository.ReadSigningAsync(parsed, choice, cancellationToken);
        return new RequestedBackup(request.Policy, Location: null, async (progress, token) =>
        {
            using IObjectStore store = wiring.Store(choice, loggers);
            BackupRepository repository = await BackupRepository.OpenAsync(store, signing, wiring.Time, token);
            if (recipients.Length > 0)
            {
                ProtectionCheck.RequireRecipients(repository, recipients);
            }

            using OpenedBackupSource source = open();
            BackupRun run = new(repository, source.Source, AgentVersion.Text, wiring.Time)
            {
                Scratch = scratch,
            };
            return await run.ExecuteAsync(request, progress, token);
        });
    }

    /// <summary>Reads what the options name: etcd, or the objects of a cluster.</summary>
    private async Task<Func<OpenedBackupSource>> ReadSourceAsync(
        ParseResult parsed, PolicyObjects? objects, CancellationToken cancellationToken)
    {
        if (objects is null)
        {
            EtcdConnection etcd = await _etcd.ReadAsync(parsed, cancellationToken);
            return () => OpenedBackupSource.Of(wiring.Etcd(etcd, logs.Loggers(parsed)));
        }

        string? ofEtcd = _etcd.FirstGiven(parsed)
            ?? (parsed.GetValue(_incremental) ? _incremental.Name : null)
            ?? _occasion.FirstOfEtcd(parsed);
        if (ofEtcd is { } option)
        {
            throw new BackupException(
                FailureReason.InvalidInput, $"{option} has no meaning with --source objects.")
            {
                Hint = $"Remove {option}, or --source objects.",
            };
        }

        KubernetesConnection connection = await _kubernetes.Cluster.ReadAsync(parsed, cancellationToken);
        return () => OpenedBackupSource.Of(connection, objects, wiring.Time);
    }

    /// <summary>The first given option that a policy sets; null if none is given.</summary>
    private string? FirstSetting(ParseResult parsed) => _etcd.FirstGiven(parsed)
        ?? _objects.FirstGiven(parsed)
        ?? _retention.FirstGiven(parsed)?.Name
        ?? new Option[] { _certsDir, _hashKv, _incremental, _recipients }
            .FirstOrDefault(o => parsed.GetResult(o) is { Implicit: false })?.Name;

    private static void WriteText(IAnsiConsole console, BackupOutcome outcome)
    {
        SnapshotManifest manifest = outcome.Manifest;
        console.WriteLine(
            $"Backup completed, snapshot ID: {manifest.Id}{(manifest.Name is { } name ? $", name: {name}" : "")}");
        console.WriteLine(
            $"{Readable.Bytes(manifest.PlainBytes)} stored as {Readable.Bytes(manifest.StoredBytes)} "
            + $"in {Readable.Duration(manifest.Duration)}, "
            + $"{(manifest.Cluster is { } cluster ? $"{cluster.Objects} objects, " : "etcd ")}"
            + $"revision {manifest.Revision}, "
            + $"in {outcome.Address}");
        if (manifest.RestorePoint is { } point)
        {
            console.WriteLine($"Restore point: {PointText.Of(point)}");
        }

        if (manifest.KindReason is { } reason)
        {
            console.WriteLine($"{(manifest.IsIncremental ? "Incremental" : "Full")}: {reason}");
        }

        if (outcome.Verified is { } verified)
        {
            VerificationText.Write(console, verified);
        }

        if (outcome.Pruned is { } pruned)
        {
            console.WriteLine(PruneText.Summary(pruned, dryRun: false));
        }
    }

    /// <summary>The backup that the command line requests.</summary>
    /// <param name="Policy">The policy to record metrics for.</param>
    /// <param name="Location">The BackupLocation to record metrics for; null if none is named.</param>
    /// <param name="BackUpAsync">Makes the backup. Must be called once only.</param>
    private sealed record RequestedBackup(
        ResourceName Policy,
        ResourceName? Location,
        Func<IProgress<TransferProgress>, CancellationToken, Task<BackupOutcome>> BackUpAsync);
}
