using System.CommandLine;
using System.Net;
using EtcdBackupAgent.Commands.Keys;
using EtcdBackupAgent.Composition;
using EtcdBackupAgent.Configuration;
using EtcdBackupAgent.Core.Archiving;
using EtcdBackupAgent.Core.Artifacts;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Keys;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Signatures;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Core.Transfers;
using EtcdBackupAgent.Etcd;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Pods;
using EtcdBackupAgent.Resources.Directories;
using EtcdBackupAgent.Runtime;
using EtcdBackupAgent.Worker;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Commands;

/// <summary>
/// <c>archive</c>: writes every change of etcd to the repository, and the snapshots that belong to it, until stopped.
/// </summary>
internal sealed class ArchiveCommand(LogOptions logs, Wiring wiring)
{
    private readonly RepositoryOptions _repository = new(logs, wiring);
    private readonly EtcdOptions _etcd = new();
    private readonly ScratchOption _scratch = new();
    private readonly KubernetesOptions _kubernetes = new(wiring.Time);
    private readonly PolicyOptions _policy = new("archive");

    private readonly Option<string?> _closeEvery = new("--close-every")
    {
        Description = "How long changes are collected before they are stored, such as 30s (the default).",
        HelpName = "DURATION",
    };

    private readonly Option<string?> _keep = new("--keep")
    {
        Description = "How long the changes are kept: whole days or a duration, such as 7d (the default).",
        HelpName = "DURATION",
    };

    private readonly Option<string?> _fullEvery = new("--full-every")
    {
        Description = "How often to make a snapshot, such as 24h (the default). A restore applies the changes since "
            + "the newest snapshot before the moment.",
        HelpName = "DURATION",
    };

    private readonly Option<string?> _certsDir = new("--certs-dir")
    {
        Description = "Directory to back up with each snapshot, such as /etc/kubernetes/pki.",
        HelpName = "DIR",
    };

    private readonly RetentionOptions _retention = new(
        "After each snapshot, prune the policy: keep this many of the newest. Without an option of retention, no "
        + "snapshot is pruned.");

    private readonly Option<bool> _compact = new("--compact")
    {
        Description = "Do not watch etcd: merge the segments that are older than an hour into larger ones, which are "
            + "fewer objects in the repository. Needs a key.",
    };

    private readonly KeyOptions _keys = new(wiring.Time);

    private readonly Option<string[]> _recipients = new("--recipient")
    {
        Description = "Archive only if the repository encrypts to exactly this age recipient; can be repeated.",
        HelpName = "AGE1…",
    };

    private readonly Option<string?> _listen = new(ListenAddress.Option)
    {
        Description = "Address on which to serve /metrics, /healthz and /readyz over HTTP, such as 127.0.0.1:9090 "
            + "(default: none).",
        HelpName = "ADDRESS:PORT",
    };

    public static Command Create(LogOptions logs, Wiring wiring)
    {
        ArchiveCommand archive = new(logs, wiring);
        archive._repository.Policy.Description =
            "With --resources and --kubernetes: the policy whose change log to write. With --repository: the policy "
            + $"name to record in the change log and in its snapshots (default: {ResourceName.PolicyDefault}).";
        Command verb = new(
            "archive",
            "Write every change of etcd to the repository until stopped, so that any second can be restored.");
        archive._repository.AddSigningTo(verb);
        archive._etcd.AddTo(verb);
        verb.Add(archive._closeEvery);
        verb.Add(archive._keep);
        verb.Add(archive._fullEvery);
        verb.Add(archive._certsDir);
        archive._retention.AddTo(verb);
        verb.Add(archive._recipients);
        verb.Add(archive._compact);
        archive._keys.AddTo(verb);
        archive._scratch.AddTo(verb);
        archive._kubernetes.AddTo(verb);
        archive._policy.AddTo(verb);
        verb.Add(archive._listen);
        verb.SetAction(archive.ExecuteAsync);
        return verb.WithExample(
            "etcd-backup-agent archive --repository file:///var/backups/etcd --certs-dir /etc/kubernetes/pki \\\n"
            + "  --etcd-endpoint https://127.0.0.1:2379 --etcd-ca-file /etc/kubernetes/pki/etcd/ca.crt \\\n"
            + "  --etcd-cert-file /etc/kubernetes/pki/etcd/healthcheck-client.crt \\\n"
            + "  --etcd-key-file /etc/kubernetes/pki/etcd/healthcheck-client.key\n"
            + "etcd-backup-agent archive --resources /etc/etcd-backup-agent --policy nightly\n"
            + "etcd-backup-agent archive --kubernetes --policy nightly");
    }

    /// <remarks>
    /// 1. Read the options: they name a policy in a cluster, a policy in documents, or every setting.
    /// 2. Write the change log until a signal arrives (<see cref="ArchiveRun"/>), and serve metrics meanwhile.
    /// </remarks>
    private async Task<int> ExecuteAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        if (parsed.GetValue(_compact))
        {
            return await CompactAsync(parsed, cancellationToken);
        }

        // 1
        IPEndPoint? listen = parsed.GetValue(_listen) is { } address ? ListenAddress.Parse(address) : null;
        Func<ArchiveHost, CancellationToken, Task> write = _kubernetes.IsChosen(parsed)
            ? await ReadClusterAsync(parsed, cancellationToken)
            : await ReadRepositoryAsync(parsed, cancellationToken);

        // 2
        await ArchiveHost.RunAsync(
            listen,
            wiring.Time,
            logging => logs.Configure(logging, parsed, LogLevel.Information),
            write,
            cancellationToken);
        return ExitCodes.Success;
    }

    private async Task<Func<ArchiveHost, CancellationToken, Task>> ReadClusterAsync(
        ParseResult parsed, CancellationToken cancellationToken)
    {
        ClusterPolicyChoice choice = _policy.ReadCluster(parsed, _repository, FirstSetting(parsed));
        ScratchSpace scratch = _scratch.Read(parsed);
        ConnectedCluster cluster = await _kubernetes.ConnectAsync(parsed, cancellationToken);
        return async (host, stopping) =>
        {
            using (cluster)
            {
                ClusterArchive archive = new(
                    cluster,
                    wiring.BackupParts(scratch, host.Loggers),
                    host,
                    host.Loggers.CreateLogger<ClusterArchive>())
                {
                    EtcdCredentialsDirectory = choice.EtcdCredentialsDirectory,
                };
                await archive.ExecuteAsync(choice.Policy, FailureText.WriteWarning, stopping);
            }
        };
    }

    private async Task<Func<ArchiveHost, CancellationToken, Task>> ReadRepositoryAsync(
        ParseResult parsed, CancellationToken cancellationToken)
    {
        _policy.RejectClusterOptions(parsed);
        RepositoryChoice choice = await _repository.ReadAsync(parsed, cancellationToken);
        return choice is ResourceRepository documents
            ? ReadDocuments(parsed, documents)
            : await ReadOptionsAsync(parsed, choice, cancellationToken);
    }

    private Func<ArchiveHost, CancellationToken, Task> ReadDocuments(ParseResult parsed, ResourceRepository documents)
    {
        BackupPolicy policy = _policy.ReadDocument(documents, FirstSetting(parsed));
        PolicyChangeLog log = PolicyArchive.LogOf(policy);
        ScratchSpace scratch = _scratch.Read(parsed);
        DirectoryRecipientPins pins = new(documents.Directory);
        return (host, stopping) =>
        {
            PolicyRunner runner = new(
                wiring.BackupParts(scratch, host.Loggers),
                pins,
                host.Metrics,
                host.Loggers.CreateLogger<PolicyRunner>());
            return runner.ArchiveAsync(
                policy,
                documents.Resources,
                (snapshotLog, token) => runner.MakeSnapshotAsync(policy, documents.Resources, snapshotLog, token),
                host.Started(policy.Name, log),
                stopping);
        };
    }

    private async Task<Func<ArchiveHost, CancellationToken, Task>> ReadOptionsAsync(
        ParseResult parsed, RepositoryChoice choice, CancellationToken cancellationToken)
    {
        ArchiveRequest request = ReadRequest(parsed);
        EtcdConnection etcd = await _etcd.ReadAsync(parsed, cancellationToken);
        etcd.Validate(wiring.Time.GetUtcNow());
        string[] recipients = [.. (parsed.GetValue(_recipients) ?? []).Select(r => RecipientText.Parse(r).ToString())];
        ScratchSpace scratch = _scratch.Read(parsed);
        BackupRequest snapshot = new()
        {
            Policy = request.Policy,
            Occasion = BackupOccasion.Scheduled,
            CertsDirectory = parsed.GetValue(_certsDir),
            Retention = _retention.Read(parsed),
        };
        DocumentSigning signing = await _repository.ReadSigningAsync(parsed, choice, cancellationToken);
        return async (host, stopping) =>
        {
            using IObjectStore store = wiring.Store(choice, host.Loggers);
            BackupRepository repository = await BackupRepository.OpenAsync(store, signing, wiring.Time, stopping);
            if (recipients.Length > 0)
            {
                ProtectionCheck.RequireRecipients(repository, recipients);
            }

            MeasuredBackup measured = new(host.Metrics, wiring.Time);
            ArchiveRun run = new(
                repository,
                wiring.EtcdChanges(etcd, host.Loggers),
                (log, token) => measured.ExecuteAsync(
                    request.Policy,
                    location: null,
                    () => new BackupRun(repository, wiring.Etcd(etcd, host.Loggers), AgentVersion.Text, wiring.Time)
                    {
                        Scratch = scratch,
                    }.ExecuteAsync(snapshot with { ChangeLog = log }, new Progress<TransferProgress>(), token)),
                host.Started(request.Policy, request.Log),
                AgentVersion.Text,
                wiring.Time)
            {
                Scratch = scratch,
            };
            await run.ExecuteAsync(request, stopping);
        };
    }

    private async Task<int> CompactAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        string? conflicting = _kubernetes.IsChosen(parsed) ? "--kubernetes"
            : parsed.GetValue(_listen) is not null ? ListenAddress.Option
            : FirstSetting(parsed);
        if (conflicting is not null)
        {
            throw new BackupException(
                FailureReason.InvalidInput, $"{conflicting} cannot be used with --compact.")
            {
                Hint = "With --compact, only the repository is read and written.",
            };
        }

        using OpenedRepository opened = await _repository.OpenAsync(parsed, cancellationToken);
        using OpenedKeys keys = await _keys.ReadAsync(parsed, opened, required: true, cancellationToken);
        LogCompactReport report = await new LogCompactRun(opened.Repository, keys.Identities, wiring.Time)
            .ExecuteAsync(_repository.ReadPolicyName(parsed), cancellationToken);
        Console.Out.WriteLine(report.Before == 0
            ? $"Nothing to merge in {opened.Address}: no two segments are older than an hour."
            : $"Merged {report.Before} segments into {report.After} in {opened.Address}.");
        return ExitCodes.Success;
    }

    /// <summary>The first given option that a policy sets; null if none is given.</summary>
    private string? FirstSetting(ParseResult parsed) => _etcd.FirstGiven(parsed)
        ?? _retention.FirstGiven(parsed)?.Name
        ?? new Option[] { _closeEvery, _keep, _fullEvery, _certsDir, _recipients }
            .FirstOrDefault(o => parsed.GetResult(o) is { Implicit: false })?.Name;

    private ArchiveRequest ReadRequest(ParseResult parsed) => new()
    {
        Policy = _repository.ReadPolicyName(parsed)
            ?? new ResourceName(ResourceName.NamespaceDefault, ResourceName.PolicyDefault),
        Log = new PolicyChangeLog
        {
            CloseEvery = parsed.ReadDuration(
                _closeEvery, PolicyChangeLog.CloseEveryMin, PolicyChangeLog.CloseEveryMax)
                ?? PolicyChangeLog.CloseEveryDefault,
            Keep = parsed.ReadDuration(_keep, PolicyChangeLog.KeepMin, TimeSpan.MaxValue)
                ?? PolicyChangeLog.KeepDefault,
        },
        SnapshotEvery = parsed.ReadDuration(_fullEvery, PolicyIncrements.FullEveryMin, TimeSpan.MaxValue)
            ?? PolicyIncrements.FullEveryDefault,
    };
}
