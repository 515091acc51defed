using System.CommandLine;
using EtcdBackupAgent.Composition;
using EtcdBackupAgent.Configuration;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Retention;
using EtcdBackupAgent.Output;
using EtcdBackupAgent.Runtime;

namespace EtcdBackupAgent.Commands;

/// <summary>
/// <c>prune</c>: removes the snapshots that the retention does not keep, the part of the change log that is then of no
/// use, and what unfinished backups left behind.
/// </summary>
internal sealed class PruneCommand(LogOptions logs, Wiring wiring)
{
    private readonly RepositoryOptions _repository = new(logs, wiring);
    private readonly OutputOptions _output = new();

    private readonly RetentionOptions _retention = new(
        "Keep this many of the newest complete snapshots of the policy. With --resources, the policy document sets the "
        + "retention, unless an option does.");

    private readonly Option<string?> _keep = new("--keep")
    {
        Description = "How long to keep the change log of the policy, such as 7d; with --resources, the policy "
            + "document sets it. Otherwise only what no snapshot can use is removed of it.",
        HelpName = "DURATION",
    };

    private readonly Option<string?> _cluster = new("--cluster-id")
    {
        Description = "ID of the etcd cluster whose snapshots to prune; required if the policy has snapshots of "
            + "several clusters.",
        HelpName = "HEX",
    };

    private readonly Option<bool> _dryRun = new("--dry-run")
    {
        Description = "Only show what would be kept and removed, and why.",
    };

    public static Command Create(LogOptions logs, Wiring wiring)
    {
        PruneCommand prune = new(logs, wiring);
        prune._repository.Policy.Description = "The policy whose snapshots to prune, as NAME or NAMESPACE/NAME.";
        Command verb = new(
            "prune", "Remove the snapshots that retention does not keep, and what unfinished backups left behind.");
        prune._repository.AddSigningTo(verb);
        prune._retention.AddTo(verb);
        verb.Add(prune._keep);
        verb.Add(prune._cluster);
        verb.Add(prune._dryRun);
        prune._output.AddTo(verb);
        verb.SetAction(prune.ExecuteAsync);
        return verb.WithExample(
            "etcd-backup-agent prune --repository file:///var/backups/etcd --policy nightly --retain 7 --dry-run\n"
            + "etcd-backup-agent prune --repository file:///var/backups/etcd --policy hourly \\\n"
            + "  --keep-hourly 24 --keep-daily 7 --keep-weekly 4 --keep-monthly 12 --dry-run");
    }

    private async Task<int> ExecuteAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        RepositoryChoice choice = await _repository.ReadAsync(parsed, cancellationToken);
        PolicyRetention? retention = _retention.Read(parsed) ?? (choice as ResourceRepository)?.Policy?.Retention;
        ResourceName? policy = _repository.ReadPolicyName(parsed);
        Validate(policy, retention, hasKeep: parsed.GetValue(_keep) is not null);
        TimeSpan keepChanges = parsed.ReadDuration(_keep, PolicyChangeLog.KeepMin, TimeSpan.MaxValue)
            ?? (choice as ResourceRepository)?.Policy?.ChangeLog?.Keep
            ?? TimeSpan.MaxValue;
        using OpenedRepository opened = await _repository.OpenAsync(choice, parsed, cancellationToken);
        RetentionRule? rule = policy is null
            ? null
            : await RuleAsync(opened.Repository, policy, retention!, parsed.GetValue(_cluster), cancellationToken);
        bool isDryRun = parsed.GetValue(_dryRun);
        PruneRun run = new(opened.Repository, AgentVersion.Text, wiring.Time) { KeepChanges = keepChanges };
        PruneReport report = await run
            .ExecuteAsync(rule, isDryRun, cancellationToken);
        foreach (string warning in report.Warnings)
        {
            FailureText.WriteWarning(warning);
        }

        _output.Write(
            parsed, PruneText.Document(report, isDryRun), console => PruneText.Write(console, report, isDryRun));
        return ExitCodes.Success;
    }

    private static void Validate(ResourceName? policy, PolicyRetention? retention, bool hasKeep)
    {
        if (policy is null && hasKeep)
        {
            throw new BackupException(FailureReason.InvalidInput, "--keep needs --policy NAME and --retain N.")
            {
                Hint = "The change log of one policy is pruned together with its snapshots.",
            };
        }

        if ((retention is null) != (policy is null))
        {
            throw new BackupException(
                FailureReason.InvalidInput,
                policy is null ? "Retention needs --policy NAME." : $"No retention is given for policy {policy}.")
            {
                Hint = "Give both --policy NAME and --retain N; or neither, to remove only what unfinished backups "
                    + "left behind.",
            };
        }
    }

    /// <summary>The rule for the selected cluster; null if the policy has no snapshots to prune.</summary>
    private static async Task<RetentionRule?> RuleAsync(
        BackupRepository repository,
        ResourceName policy,
        PolicyRetention retention,
        string? clusterText,
        CancellationToken cancellationToken)
    {
        EtcdId? cluster = clusterText is null ? null
            : EtcdId.TryParse(clusterText, out EtcdId parsed) ? parsed
            : throw new BackupException(
                FailureReason.InvalidInput, $"--cluster-id '{clusterText}' is not a hexadecimal number.");
        Inventory inventory = await repository.TakeInventoryAsync(cancellationToken);
        Snapshot[] policySnapshots = [.. inventory.Snapshots.Where(s => s.Manifest.Policy == policy)];
        EtcdId[] allClusters = [.. policySnapshots.Select(s => s.Manifest.ClusterId).Distinct()];

        // A cluster whose history another one continues is pruned with that one.
        EtcdId[] clusters =
        [
            .. allClusters.Where(older => !allClusters.Any(newer => inventory.History.IsAncestor(older, newer))),
        ];
        return (cluster, clusters) switch
        {
            ({ } chosen, _) => Rule(chosen),
            (null, []) => null,
            (null, [EtcdId only]) => Rule(only),
            _ => throw new BackupException(
                FailureReason.InvalidInput,
                $"Policy {policy} has snapshots of {clusters.Length} etcd clusters in {repository.Store.Address}: "
                + $"{string.Join(", ", clusters)}.")
            {
                Hint = "Choose one with --cluster-id; the others are not touched.",
            },
        };

        RetentionRule Rule(EtcdId id) => new()
        {
            Policy = policy,
            ClusterId = id,
            PolicyUid = policySnapshots.LastOrDefault(s => s.Manifest.ClusterId == id)?.Manifest.PolicyUid,
            Retention = retention,
        };
    }
}
