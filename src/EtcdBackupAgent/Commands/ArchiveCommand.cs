using System.CommandLine;
using EtcdBackupAgent.Commands.Keys;
using EtcdBackupAgent.Composition;
using EtcdBackupAgent.Configuration;
using EtcdBackupAgent.Core.Archiving;
using EtcdBackupAgent.Core.Artifacts;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Keys;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Core.Transfers;
using EtcdBackupAgent.Etcd;
using EtcdBackupAgent.Runtime;
using EtcdBackupAgent.Worker;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Commands;

/// <summary>
/// <c>archive</c>: writes every change of etcd to the repository, and the snapshots that belong to it, until stopped.
/// </summary>
internal sealed class ArchiveCommand(LogOptions logs, Wiring wiring)
{
    private const string PolicyNameDefault = "default";

    private readonly RepositoryOptions _repository = new(logs, wiring);
    private readonly EtcdOptions _etcd = new();
    private readonly ScratchOption _scratch = new();

    private readonly Option<string?> _closeEvery = new("--close-every")
    {
        Description = "How long changes are collected before they are stored, such as 30s (the default).",
        HelpName = "DURATION",
    };

    private readonly Option<string?> _keep = new("--keep")
    {
        Description = "How long the changes are kept, such as 168h (the default).",
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

    private readonly Option<int?> _retain = new Option<int?>("--retain")
    {
        Description = "After each snapshot, prune the policy to this many; without this option, no snapshot is pruned.",
        HelpName = "N",
    }.AtLeastOne();

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

    public static Command Create(LogOptions logs, Wiring wiring)
    {
        ArchiveCommand archive = new(logs, wiring);
        archive._repository.Policy.Description =
            $"The policy name to record in the change log and in its snapshots (default: {PolicyNameDefault}).";
        Command verb = new(
            "archive",
            "Write every change of etcd to the repository until stopped, so that any second can be restored.");
        archive._repository.AddTo(verb);
        archive._etcd.AddTo(verb);
        verb.Add(archive._closeEvery);
        verb.Add(archive._keep);
        verb.Add(archive._fullEvery);
        verb.Add(archive._certsDir);
        verb.Add(archive._retain);
        verb.Add(archive._recipients);
        verb.Add(archive._compact);
        archive._keys.AddTo(verb);
        archive._scratch.AddTo(verb);
        verb.SetAction(archive.ExecuteAsync);
        return verb.WithExample(
            "etcd-backup-agent archive --repository file:///var/backups/etcd --certs-dir /etc/kubernetes/pki \\\n"
            + "  --etcd-endpoint https://127.0.0.1:2379 --etcd-ca-file /etc/kubernetes/pki/etcd/ca.crt \\\n"
            + "  --etcd-cert-file /etc/kubernetes/pki/etcd/healthcheck-client.crt \\\n"
            + "  --etcd-key-file /etc/kubernetes/pki/etcd/healthcheck-client.key");
    }

    /// <remarks>
    /// 1. Read the options.
    /// 2. Open the repository.
    /// 3. Write the change log until a signal arrives (<see cref="ArchiveRun"/>).
    /// </remarks>
    private async Task<int> ExecuteAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        if (parsed.GetValue(_compact))
        {
            return await CompactAsync(parsed, cancellationToken);
        }

        // 1
        ArchiveRequest request = ReadRequest(parsed);
        EtcdConnection etcd = await _etcd.ReadAsync(parsed, cancellationToken);
        etcd.Validate(wiring.Time.GetUtcNow());
        RepositoryChoice choice = await _repository.ReadAsync(parsed, cancellationToken);
        string[] recipients = [.. (parsed.GetValue(_recipients) ?? []).Select(r => RecipientText.Parse(r).ToString())];
        ScratchSpace scratch = _scratch.Read(parsed);
        ILoggerFactory loggers = logs.Loggers(parsed, LogLevel.Information);

        // 2
        using IObjectStore store = wiring.Store(choice, loggers);
        BackupRepository repository = await BackupRepository.OpenAsync(store, wiring.Time, cancellationToken);
        if (recipients.Length > 0)
        {
            ProtectionCheck.RequireRecipients(repository, recipients);
        }

        // 3
        BackupRequest snapshot = new()
        {
            Policy = request.Policy,
            Reason = BackupReason.Schedule,
            CertsDirectory = parsed.GetValue(_certsDir),
            RetainNumBackups = parsed.GetValue(_retain),
        };
        ArchiveRun run = new(
            repository,
            wiring.EtcdChanges(etcd, loggers),
            (log, token) => new BackupRun(repository, wiring.Etcd(etcd, loggers), AgentVersion.Text, wiring.Time)
            {
                Scratch = scratch,
            }.ExecuteAsync(snapshot with { ChangeLog = log }, new Progress<TransferProgress>(), token),
            new ArchiveLog(request.Policy, loggers.CreateLogger<ArchiveRun>()),
            AgentVersion.Text,
            wiring.Time)
        {
            Scratch = scratch,
        };
        await run.ExecuteAsync(request, cancellationToken);
        return ExitCodes.Success;
    }

    private async Task<int> CompactAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        if ((_etcd.FirstGiven(parsed) ?? new Option[] { _closeEvery, _keep, _fullEvery, _certsDir, _retain }
            .FirstOrDefault(o => parsed.GetResult(o) is { Implicit: false })?.Name) is { } conflicting)
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

    private ArchiveRequest ReadRequest(ParseResult parsed) => new()
    {
        Policy = _repository.ReadPolicyName(parsed)
            ?? new ResourceName(ResourceName.NamespaceDefault, PolicyNameDefault),
        Log = new PolicyChangeLog
        {
            CloseEvery = ReadDuration(
                parsed,
                _closeEvery,
                PolicyChangeLog.CloseEveryDefault,
                PolicyChangeLog.CloseEveryMin,
                PolicyChangeLog.CloseEveryMax),
            Keep = ReadDuration(
                parsed, _keep, PolicyChangeLog.KeepDefault, PolicyChangeLog.KeepMin, TimeSpan.MaxValue),
        },
        SnapshotEvery = ReadDuration(
            parsed,
            _fullEvery,
            PolicyIncrements.FullEveryDefault,
            PolicyIncrements.FullEveryMin,
            TimeSpan.MaxValue),
    };

    private static TimeSpan ReadDuration(
        ParseResult parsed, Option<string?> option, TimeSpan standard, TimeSpan min, TimeSpan max) =>
        parsed.GetValue(option) is not { } text ? standard
        : GoDuration.Parse(text) is { } duration && duration >= min && duration <= max ? duration
        : throw new BackupException(
            FailureReason.InvalidInput,
            $"{option.Name} '{text}' is not a duration of at least {min.TotalSeconds:0}s"
            + (max == PolicyChangeLog.CloseEveryMax ? $" and at most {max.TotalSeconds:0}s." : "."))
        {
            Hint = "Give a duration such as 30s, 15m or 24h.",
        };
}
