using System.CommandLine;
using EtcdBackupAgent.Composition;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.KeySpaces;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Restoring;
using EtcdBackupAgent.Objects.Modifying;
using EtcdBackupAgent.Objects.Querying;
using EtcdBackupAgent.Objects.Restoring;
using EtcdBackupAgent.Output;
using EtcdBackupAgent.Pods;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Commands.Objects;

/// <summary><c>objects restore</c>: restores objects of a snapshot into a running cluster.</summary>
internal sealed class RestoreObjectsCommand(LogOptions logs, Wiring wiring)
{
    private readonly ObjectSource _source = new(logs, wiring, masksSecrets: false);
    private readonly RestoreFilterOptions _filter = new();
    private readonly OutputOptions _output = new();

    private readonly Option<bool> _withRelated = new("--with-related")
    {
        Description = "Also restore what the objects need, where it does not exist: their namespace, the definition of "
            + "their kind, and the service accounts, config maps, secrets, claims and roles that they name.",
    };

    private readonly Option<ExistingPolicy> _existing = new Option<ExistingPolicy>("--existing")
    {
        Description = "What happens to objects that exist and differ: skip, update (server-side apply), replace or "
            + "fail (default: skip).",
        HelpName = "WHAT",
    }.OneOf(ExistingPolicy.Skip, ExistingPolicy.Update, ExistingPolicy.Replace, ExistingPolicy.Fail);

    private readonly Option<string[]> _mapNamespaces = new("--map-namespace")
    {
        Description = "Restore the objects of namespace FROM into namespace TO. Can be repeated.",
        HelpName = "FROM=TO",
    };

    private readonly Option<string?> _patch = new("--patch")
    {
        Description = "Change the objects by the rules of this file, which has the form of Velero's resource "
            + "modifiers.",
        HelpName = "FILE",
    };

    private readonly Option<bool> _dryRun = new("--dry-run")
    {
        Description = "Show what would be done. The cluster checks each write, and stores nothing.",
    };

    private readonly Option<string?> _restore = new("--restore")
    {
        Description = "In a pod: the MetadataRestore to perform. It names what is restored, and from where.",
        HelpName = "NAME",
    };

    private readonly Option<bool> _yes = new("--yes") { Description = "Restore without asking." };

    private readonly KubeconfigOptions _cluster = new(wiring.Time);

    public static Command Create(LogOptions logs, Wiring wiring)
    {
        RestoreObjectsCommand restore = new(logs, wiring);
        Command verb = new("restore", "Restore objects of a snapshot into a running cluster.");
        restore._source.AddReadTo(verb);
        restore._filter.AddTo(verb);
        verb.Add(restore._withRelated);
        verb.Add(restore._existing);
        verb.Add(restore._mapNamespaces);
        verb.Add(restore._patch);
        verb.Add(restore._dryRun);
        verb.Add(restore._yes);
        verb.Add(restore._restore);
        restore._cluster.AddTo(verb);
        restore._output.AddTo(verb);
        verb.SetAction(restore.ExecuteAsync);
        return verb.WithExample(
            "etcd-backup-agent objects restore latest -n web --dry-run --repository file:///var/backups/etcd\n"
            + "etcd-backup-agent objects restore latest -n web --yes --repository file:///var/backups/etcd\n"
            + "etcd-backup-agent objects restore --file etcd.db configmap/settings -n web --existing update --yes");
    }

    /// <summary>Restores what a MetadataRestore or the command line names.</summary>
    private Task<int> ExecuteAsync(ParseResult parsed, CancellationToken cancellationToken) =>
        parsed.GetValue(_restore) is { } name
            ? RestoreOfClusterAsync(parsed, name, cancellationToken)
            : RestoreAsync(parsed, cancellationToken);

    /// <summary>1. Read the options. 2. Open the snapshot and the cluster. 3. Plan, and show the plan. 4. Ask.
    /// 5. Restore. 6. Report.</summary>
    private async Task<int> RestoreAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        // 1
        IReadOnlyList<string> words = _source.ReadKinds(parsed);
        NamespaceMap namespaces = ReadMap(parsed.GetValue(_mapNamespaces) ?? []);
        ResourceModifiers? modifiers = await ReadModifiersAsync(parsed, cancellationToken);

        // 2
        using KeySpace keys = await _source.OpenAsync(parsed, cancellationToken);
        ObjectSpace space = new(keys, await _source.ReadOptionsAsync(parsed, cancellationToken) with
        {
            ManagedFields = true,
            ShowSecrets = true,
        });
        KubernetesConnection connection = await _cluster.ReadAsync(parsed, cancellationToken);
        using KubernetesClient client = new(connection, wiring.Time);
        ObjectRestore restore = new(new ClusterTarget(client), wiring.Time);

        // 3
        ObjectRestorePlan plan = await restore.PlanAsync(
            space,
            new ObjectRestoreRequest
            {
                Filter = _filter.Read(parsed, words).Resolve(space, cancellationToken),
                WithRelated = parsed.GetValue(_withRelated),
                Existing = parsed.GetValue(_existing),
                Namespaces = namespaces,
                Modifiers = modifiers,
            },
            cancellationToken);
        if (parsed.GetValue(_dryRun))
        {
            return Write(parsed, plan, keys.Name, $"{connection}");
        }

        // 4
        if (!parsed.GetValue(_yes))
        {
            ObjectRestoreText.Write(Terminal.Error, plan, $"{connection}");
            Confirm(plan, $"{connection}");
        }

        // 5
        using RestoreDisplay display = new(wiring.Time);
        ObjectRestoreReport report = await restore.ExecuteAsync(plan, display, cancellationToken);

        // 6
        return Write(parsed, report, keys.Name, $"{connection}");
    }

    /// <summary>Performs a MetadataRestore, as the pod of it.</summary>
    private async Task<int> RestoreOfClusterAsync(
        ParseResult parsed, string name, CancellationToken cancellationToken)
    {
        RejectOthers(parsed);
        ObjectInputs inputs = new(
            await ReadModifiersAsync(parsed, cancellationToken),
            (await _source.ReadOptionsAsync(parsed, cancellationToken)).Encryption);
        KubernetesConnection connection = await _cluster.ReadAsync(parsed, cancellationToken);
        using ConnectedCluster cluster = new(new KubernetesClient(connection, wiring.Time), connection.Namespace);
        ILoggerFactory loggers = logs.Loggers(parsed);
        ClusterRestore run = new(
            cluster, (location, resources) => wiring.Store(location, resources, loggers), wiring.Time);
        using RestoreDisplay display = new(wiring.Time);
        ObjectsOutcome outcome = await TransferDisplay.ShowAsync(transfer => run.ExecuteAsync(
            name,
            new ClusterDestination(cluster.Client, inputs, transfer, display, wiring.Time),
            FailureText.WriteWarning,
            cancellationToken));
        return outcome.Plan is { } plan
            ? Write(parsed, plan, outcome.Source, $"{connection}")
            : Write(parsed, outcome.Report!, outcome.Source, $"{connection}");
    }

    /// <summary>Refuses what a MetadataRestore names itself.</summary>
    private void RejectOthers(ParseResult parsed)
    {
        Option[] allowed = [_restore, _patch, _source.EncryptionConfig, _output.Format, .. _cluster.All];
        string? other = parsed.GetValue(_source.Words) is [var word, ..] ? $"'{word}'"
            : parsed.CommandResult.Command.Options.Except(allowed)
                .FirstOrDefault(option => parsed.GetResult(option) is { Implicit: false })?.Name;
        if (other is not null)
        {
            throw new BackupException(FailureReason.InvalidInput, $"--restore cannot be used with {other}.")
            {
                Hint = "The MetadataRestore names what is restored. To restore by hand, leave --restore out.",
            };
        }
    }

    private async Task<ResourceModifiers?> ReadModifiersAsync(
        ParseResult parsed, CancellationToken cancellationToken) =>
        parsed.GetValue(_patch) is { } file
            ? ResourceModifiers.Parse(file, await InputFile.ReadAsync("--patch", file, cancellationToken))
            : null;

    private int Write(ParseResult parsed, ObjectRestorePlan plan, string source, string cluster)
    {
        _output.Write(
            parsed,
            ObjectRestoreText.Document(plan, source, cluster),
            console => ObjectRestoreText.Write(console, plan, cluster));
        return plan.Count(PlannedAction.Cannot) == 0 ? ExitCodes.Success : ExitCodes.PartlyRestored;
    }

    private int Write(ParseResult parsed, ObjectRestoreReport report, string source, string cluster)
    {
        _output.Write(
            parsed,
            ObjectRestoreText.Document(report, source, cluster),
            console => ObjectRestoreText.Write(console, report, cluster));
        return report.IsComplete ? ExitCodes.Success : ExitCodes.PartlyRestored;
    }

    private static void Confirm(ObjectRestorePlan plan, string cluster)
    {
        if (plan.Writes == 0)
        {
            return;
        }

        if (Console.IsInputRedirected || Console.IsErrorRedirected)
        {
            throw new BackupException(
                FailureReason.Refused, $"Nothing was restored into {cluster}: the restore is not confirmed.")
            {
                Hint = "Add --yes to restore, or --dry-run to see what would be done.",
            };
        }

        Console.Error.Write($"Write {plan.Writes} objects into {cluster}? Type 'yes': ");
        if (Console.ReadLine() != "yes")
        {
            throw new BackupException(FailureReason.Refused, $"Nothing was restored into {cluster}.");
        }
    }

    private static NamespaceMap ReadMap(IEnumerable<string> pairs)
    {
        Dictionary<string, string> map = new(StringComparer.Ordinal);
        foreach (string pair in pairs.SelectMany(text => text.Split(',')))
        {
            if (pair.Split('=') is not [{ Length: > 0 } from, { Length: > 0 } to] || !map.TryAdd(from, to))
            {
                throw new BackupException(
                    FailureReason.InvalidInput, $"--map-namespace {pair} is not FROM=TO, or FROM is given twice.");
            }
        }

        return new NamespaceMap(map);
    }
}
