using System.CommandLine;
using EtcdBackupAgent.Composition;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Reading;
using EtcdBackupAgent.Objects.Comparing;
using EtcdBackupAgent.Objects.Kinds;
using EtcdBackupAgent.Objects.Querying;
using EtcdBackupAgent.Objects.Reading;
using EtcdBackupAgent.Objects.Selecting;

namespace EtcdBackupAgent.Commands.Objects;

/// <summary><c>objects diff</c>: shows which objects differ between two snapshots or moments, and how.</summary>
internal sealed class DiffObjectsCommand
{
    private readonly ObjectAccess _access;
    private readonly SelectionOptions _selection = new(isOfAll: true);
    private readonly NoiseOption _noise = new();
    private readonly LiveOptions _live;

    private readonly Argument<string[]> _words = new("A B KIND NAME")
    {
        Description = "The old and the new side: each a snapshot ID, the beginning of one, 'latest', one of these with "
            + "@REVISION, a time such as 2026-11-29T10:15:00Z, revision:N (both need a change log), or file:PATH; with "
            + "--live only the old one. Then the kinds, separated by commas, and names; or KIND/NAME (default: all "
            + "objects).",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<ObjectFormat> _output = new Option<ObjectFormat>("--output", "-o")
    {
        Description = "Format: json, yaml or name (default: text for people).",
        HelpName = "FORMAT",
    }.OneOf(ObjectFormat.Json, ObjectFormat.Yaml, ObjectFormat.Name);

    private DiffObjectsCommand(LogOptions logs, Wiring wiring)
    {
        _access = new ObjectAccess(logs, wiring);
        _live = new LiveOptions(wiring.Time);
    }

    public static Command Create(LogOptions logs, Wiring wiring)
    {
        DiffObjectsCommand diff = new(logs, wiring);
        Command verb = new("diff", "Show which objects differ between two snapshots or moments, and in which fields.");
        verb.Add(diff._words);
        diff._selection.AddTo(verb);
        diff._noise.AddTo(verb);
        diff._live.AddTo(verb);
        verb.Add(diff._output);
        diff._access.AddTo(verb);
        verb.SetAction(diff.ExecuteAsync);
        return verb.WithExample(
            "etcd-backup-agent objects diff 1a2b3c4d latest --repository file:///var/backups/etcd\n"
            + "etcd-backup-agent objects diff 2026-11-28T22:00:00Z 2026-11-29T06:00:00Z -n web --repository "
            + "file:///var/backups/etcd\n"
            + "etcd-backup-agent objects diff file:before.db file:after.db deployments.apps,cm\n"
            + "etcd-backup-agent objects diff latest --live -n web --repository file:///var/backups/etcd");
    }

    /// <summary>Exit code 1 means that objects differ, so that a fault of the program needs another one.</summary>
    private async Task<int> ExecuteAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        try
        {
            return await CompareAsync(parsed, cancellationToken);
        }
        catch (Exception e) when (e is not (BackupException or OperationCanceledException))
        {
            FailureText.WriteUnexpected(e);
            return ExitCodes.ComparisonTrouble;
        }
    }

    /// <remarks>
    /// 1. Read the words and open the sides that are named.
    /// 2. Read the selection; a kind may be defined on one side only.
    /// 3. Compare, and write each difference as it is found.
    /// 4. Warn about what could not be read.
    /// </remarks>
    private async Task<int> CompareAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        // 1
        bool isLive = _live.IsChosen(parsed);
        string[] words = parsed.GetValue(_words) ?? [];
        int named = isLive ? 1 : 2;
        Noise noise = _noise.Read(parsed);
        RequireSides(words, named);
        ObjectReaderOptions options = await _access.ReadOptionsAsync(parsed, cancellationToken);
        using ComparedSides sides = await ComparedSides.OpenAsync(parsed, _access, words[..named], cancellationToken);
        ObjectReaderOptions inClear = options with { ShowSecrets = true, ManagedFields = noise.IncludesManagedFields };
        ObjectSpace[] spaces = [.. sides.Opened.Select(keys => new ObjectSpace(keys, inClear))];
        using KubernetesClient? client = isLive ? await _live.OpenAsync(parsed, cancellationToken) : null;
        LiveObjects? live = client is null ? null : new LiveObjects(client);
        ServedResources? served = live is null ? null : await live.DiscoverAsync(cancellationToken);

        // 2
        ComparedSelection selection = new(
            _selection.ReadOfAll(parsed, words[named..], word => Resolve(word, spaces, served, cancellationToken)),
            noise);

        // 3
        UnreadObjects unread = new();
        SnapshotObjects old = new(spaces[0], options.Prefixes, selection);
        ClusterObjects? cluster = live is null
            ? null
            : new ClusterObjects(live, served!, selection, old.VersionOf, noise.IncludesManagedFields);
        IComparedObjects @new = cluster as IComparedObjects
            ?? new SnapshotObjects(spaces[1], options.Prefixes, selection);
        ObjectComparison comparison = new(old, @new, new ComparisonOptions
        {
            Selection = selection,
            ShowSecrets = options.ShowSecrets,
            OnRead = item => unread.IsReadable(item),
        });
        ChangeOutput output = new(parsed.GetValue(_output), old, @new);
        await foreach (ObjectChange change in comparison.CompareAsync(cancellationToken))
        {
            output.Write(change);
        }

        output.Finish();

        // 4
        unread.Warn();
        foreach ((string resource, string reason) in cluster?.LeftOut ?? new Dictionary<string, string>())
        {
            FailureText.WriteWarning($"{resource} are left out of the comparison: {reason}");
        }

        return cluster is { LeftOut.Count: > 0 } ? ExitCodes.ComparisonTrouble
            : output.HasChanges ? ExitCodes.Different
            : ExitCodes.Success;
    }

    private static void RequireSides(string[] words, int named)
    {
        if (words.Length < named)
        {
            throw new BackupException(
                FailureReason.InvalidInput, words.Length == 0 ? "Nothing to compare is given." : "One side is missing.")
            {
                Hint = "Name two sides, such as 'objects diff 1a2b3c4d latest'; or one, and --live.",
            };
        }
    }

    /// <summary>Returns the resource of a kind that one of the sides has.</summary>
    private static KnownResource Resolve(
        string word, ObjectSpace[] spaces, ServedResources? served, CancellationToken cancellationToken) =>
        spaces[0].Find(word, cancellationToken)
        ?? (served is null ? null : new ResourceCatalog(served.All).Find(word))
        ?? spaces[^1].Resolve(word, cancellationToken);
}
