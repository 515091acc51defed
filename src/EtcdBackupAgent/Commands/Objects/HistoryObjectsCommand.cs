using System.CommandLine;
using EtcdBackupAgent.Composition;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Keys;
using EtcdBackupAgent.Core.KeySpaces;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.RestorePoints;
using EtcdBackupAgent.Objects.Comparing;
using EtcdBackupAgent.Objects.Keys;
using EtcdBackupAgent.Objects.Kinds;
using EtcdBackupAgent.Objects.Querying;
using EtcdBackupAgent.Objects.Reading;
using EtcdBackupAgent.Objects.Selecting;
using EtcdBackupAgent.Objects.Versions;
using EtcdBackupAgent.Output;

namespace EtcdBackupAgent.Commands.Objects;

/// <summary><c>objects history</c>: shows all known versions of an object: when, what changed, and by whom.</summary>
internal sealed class HistoryObjectsCommand
{
    private const string NamespaceDefault = "default";

    private readonly Wiring _wiring;
    private readonly ObjectAccess _access;
    private readonly NoiseOption _noise = new();

    private readonly Argument<string[]> _words = new("KIND NAME")
    {
        Description = "The object: its kind and its name, or KIND/NAME.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<string?> _namespace = new("--namespace", "-n")
    {
        Description = $"The namespace of the object (default: {NamespaceDefault}).",
        HelpName = "NAME",
    };

    private readonly Option<string?> _since = new("--since")
    {
        Description = "Only versions from this time on: a time such as 2026-11-29T10:15:00Z, or a duration such as "
            + "36h or 7d.",
        HelpName = "TIME",
    };

    private readonly Option<int?> _limit = new Option<int?>("--limit")
    {
        Description = "Only this many versions, the newest ones.",
        HelpName = "N",
    }.AtLeastOne();

    private readonly Option<ObjectFormat> _output = new Option<ObjectFormat>("--output", "-o")
    {
        Description = "Format: json or yaml, each with all versions of the object (default: text for people).",
        HelpName = "FORMAT",
    }.OneOf(ObjectFormat.Json, ObjectFormat.Yaml);

    private HistoryObjectsCommand(LogOptions logs, Wiring wiring)
    {
        _wiring = wiring;
        _access = new ObjectAccess(logs, wiring);
        _access.Repository.Policy.Description =
            "Read only the snapshots and the change log of this policy, as NAME or NAMESPACE/NAME (default: all).";
    }

    public static Command Create(LogOptions logs, Wiring wiring)
    {
        HistoryObjectsCommand history = new(logs, wiring);
        Command verb = new(
            "history", "Show all known versions of an object: when it was changed, in which fields, and by whom.");
        verb.Add(history._words);
        verb.Add(history._namespace);
        verb.Add(history._since);
        verb.Add(history._limit);
        history._noise.AddTo(verb);
        verb.Add(history._output);
        history._access.AddTo(verb);
        verb.SetAction(history.ExecuteAsync);
        return verb.WithExample(
            "etcd-backup-agent objects history deployment/shop -n web --repository file:///var/backups/etcd\n"
            + "etcd-backup-agent objects history cm settings -n web --since 7d -o yaml --repository "
            + "file:///var/backups/etcd");
    }

    /// <remarks>
    /// 1. Read the words and the options.
    /// 2. Open the repository and resolve the kind: one that the agent does not have needs the newest snapshot.
    /// 3. Read all sources.
    /// 4. Write the versions, newest first, and what could not be read.
    /// </remarks>
    private async Task<int> ExecuteAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        // 1
        (string kind, string name) = ReadWords(parsed);
        Noise noise = _noise.Read(parsed);
        DateTimeOffset? since = ReadSince(parsed);
        ObjectReaderOptions options = await _access.ReadOptionsAsync(parsed, cancellationToken);

        // 2
        using OpenedRepository opened = await _access.Repository.OpenAsync(parsed, cancellationToken);
        using OpenedKeys keys = await _access.ReadKeysAsync(parsed, opened, cancellationToken);
        (GroupResource resource, bool isNamespaced) =
            await ResolveAsync(parsed, opened, keys, options, kind, cancellationToken);
        StorageKey place = new(
            resource, isNamespaced ? parsed.GetValue(_namespace) ?? NamespaceDefault : null, name);

        // 3
        KeyHistoryRequest request = new()
        {
            Keys = ObjectHistory.Covers(place, options),
            Policy = _access.Repository.ReadPolicyName(parsed),
            Since = since,
        };
        using KeyHistory history = await TransferDisplay.ShowAsync(progress => KeyHistory.ReadAsync(
            opened.Repository,
            keys.Identities,
            _access.ScratchDirectory(parsed),
            request,
            progress,
            cancellationToken));

        // 4
        VersionOutput output = new(parsed.GetValue(_output), place, noise, since, parsed.GetValue(_limit));
        output.Write(history, options);
        foreach (BackupException problem in history.Problems)
        {
            FailureText.WriteWarning(problem.Message);
        }

        return !output.HasVersions ? throw Missing(place, opened)
            : history.Problems.Count > 0 ? ExitCodes.Of(history.Problems[0].Reason)
            : ExitCodes.Success;
    }

    private static BackupException Missing(StorageKey place, OpenedRepository opened) => new(
        FailureReason.KubernetesObjectMissing,
        $"No snapshot and no change log in {opened.Address} has a version of {place} in the selected time.")
    {
        Hint = "-n NAME selects the namespace.",
    };

    private (string Kind, string Name) ReadWords(ParseResult parsed) => (parsed.GetValue(_words) ?? []) switch
    {
        [string kind, string name] when !kind.Contains('/', StringComparison.Ordinal) => (kind, name),
        [string pair] when pair.Split('/') is [{ Length: > 0 } kind, { Length: > 0 } name] => (kind, name),
        _ => throw new BackupException(FailureReason.InvalidInput, "One object must be named.")
        {
            Hint = "Give its kind and its name, such as 'objects history configmap settings -n web'.",
        },
    };

    private DateTimeOffset? ReadSince(ParseResult parsed) => parsed.GetValue(_since) switch
    {
        null => null,
        string text when GoDuration.ParseWithDays(text) is { } duration => _wiring.Time.GetUtcNow() - duration,
        string text => PointOptions.ParseTime(_since.Name, text),
    };

    /// <summary>
    /// Returns the resource of a kind. A kind that neither the agent nor the newest snapshot has is taken as the name
    /// of a resource: its definition may have been deleted.
    /// </summary>
    private async Task<(GroupResource Resource, bool IsNamespaced)> ResolveAsync(
        ParseResult parsed,
        OpenedRepository opened,
        OpenedKeys keys,
        ObjectReaderOptions options,
        string word,
        CancellationToken cancellationToken)
    {
        if (new ResourceCatalog(options.Table, []).Find(word) is { } builtIn)
        {
            return (builtIn.Name, builtIn.IsNamespaced);
        }

        using KeySpace newest = await _access.OpenAsync(
            parsed, opened, keys, RestoreSelection.WholeOf("latest"), cancellationToken);
        ObjectSpace space = new(newest, options);
        return word.Split('.', 2) is [string plural, string group] && space.Find(word, cancellationToken) is null
            ? (new GroupResource(group, plural), parsed.GetValue(_namespace) is not null)
            : space.Resolve(word, cancellationToken) is var known ? (known.Name, known.IsNamespaced) : default;
    }
}
