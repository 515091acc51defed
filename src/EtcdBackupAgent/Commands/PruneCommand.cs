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

namespace EtcdBackupAgent.Commands;

/// <summary>
/// <c>prune</c>: removes the snapshots that the retention does not keep, and what unfinished backups left behind.
/// </summary>
internal static class PruneCommand
{
    public static Command Create(LogOptions logs, Wiring wiring)
    {
        RepositoryOptions repository = new(logs, wiring);
        repository.Policy.Description = "The policy whose snapshots to prune, as NAME or NAMESPACE/NAME.";
        OutputOptions output = new();
        Option<int?> retain = new Option<int?>("--retain")
        {
            Description = "Number of complete snapshots of the policy to keep; with --resources, the policy document "
                + "sets it.",
            HelpName = "N",
        }.AtLeastOne();
        Option<string?> cluster = new("--cluster-id")
        {
            Description = "ID of the etcd cluster whose snapshots to prune; required if the policy has snapshots of "
                + "several clusters.",
            HelpName = "HEX",
        };
        Option<bool> dryRun = new("--dry-run") { Description = "Only show what would be kept and removed, and why." };

        Command verb = new(
            "prune", "Remove the snapshots that retention does not keep, and what unfinished backups left behind.");
        repository.AddTo(verb);
        verb.Add(retain);
        verb.Add(cluster);
        verb.Add(dryRun);
        output.AddTo(verb);
        verb.SetAction(async (parsed, cancellationToken) =>
        {
            RepositoryChoice choice = await repository.ReadAsync(parsed, cancellationToken);
            int? retainCount = parsed.GetValue(retain) ?? (choice as ResourceRepository)?.Policy?.RetainNumBackups;
            ResourceName? policy = repository.ReadPolicyName(parsed);
            if ((retainCount is null) != (policy is null))
            {
                throw new BackupException(
                    FailureReason.InvalidInput,
                    policy is null ? "--retain needs --policy NAME." : $"No retention is given for policy {policy}.")
                {
                    Hint = "Give both --policy NAME and --retain N; or neither, to remove only what unfinished backups "
                        + "left behind.",
                };
            }

            using OpenedRepository opened = await repository.OpenAsync(choice, parsed, cancellationToken);
            RetentionRule? rule = policy is null
                ? null
                : await RuleAsync(
                    opened.Repository, policy, retainCount!.Value, parsed.GetValue(cluster), cancellationToken);
            bool isDryRun = parsed.GetValue(dryRun);
            PruneReport report =
                await new PruneRun(opened.Repository, wiring.Time).ExecuteAsync(rule, isDryRun, cancellationToken);
            foreach (string warning in report.Warnings)
            {
                FailureText.WriteWarning(warning);
            }

            output.Write(
                parsed, PruneText.Document(report, isDryRun), console => PruneText.Write(console, report, isDryRun));
            return ExitCodes.Success;
        });
        return verb.WithExample(
            "etcd-backup-agent prune --repository file:///var/backups/etcd --policy nightly --retain 7 --dry-run");
    }

    /// <summary>The rule for the selected cluster; null if the policy has no snapshots to prune.</summary>
    private static async Task<RetentionRule?> RuleAsync(
        BackupRepository repository,
        ResourceName policy,
        int retain,
        string? clusterText,
        CancellationToken cancellationToken)
    {
        EtcdId? cluster = clusterText is null ? null
            : EtcdId.TryParse(clusterText, out EtcdId parsed) ? parsed
            : throw new BackupException(
                FailureReason.InvalidInput, $"--cluster-id '{clusterText}' is not a hexadecimal number.");
        Inventory inventory = await repository.TakeInventoryAsync(cancellationToken);
        Snapshot[] policySnapshots = [.. inventory.Snapshots.Where(s => s.Manifest.Policy == policy)];
        EtcdId[] allClusters = [.. policySnapshots.Select(s => s.Manifest.Etcd.ClusterId).Distinct()];

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
            PolicyUid = policySnapshots.LastOrDefault(s => s.Manifest.Etcd.ClusterId == id)?.Manifest.PolicyUid,
            RetainNumBackups = retain,
        };
    }
}
