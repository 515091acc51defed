using System.CommandLine;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Labels;
using EtcdBackupAgent.Objects.Querying;
using EtcdBackupAgent.Objects.Selecting;

namespace EtcdBackupAgent.Commands.Objects;

/// <summary>The words and options that select objects, as those of <c>kubectl get</c>.</summary>
internal sealed class SelectionOptions
{
    private const string NamespaceDefault = "default";

    private readonly Option<string?> _namespace = new("--namespace", "-n")
    {
        HelpName = "NAME",
    };

    private readonly Option<bool> _allNamespaces = new("--all-namespaces", "-A")
    {
        Description = "Objects of all namespaces.",
    };

    private readonly Option<string?> _labels = new("--selector", "-l")
    {
        Description = "Only objects with these labels, such as app=shop,tier!=cache.",
        HelpName = "SELECTOR",
    };

    private readonly Option<string?> _fields = new("--field-selector")
    {
        Description = "Only objects with this metadata.name or metadata.namespace.",
        HelpName = "SELECTOR",
    };

    /// <param name="isOfAll">Whether no namespace means all of them.</param>
    public SelectionOptions(bool isOfAll = false) => _namespace.Description =
        isOfAll ? "Only objects of this namespace." : $"The namespace (default: {NamespaceDefault}).";

    public void AddTo(Command verb)
    {
        verb.Add(_namespace);
        verb.Add(_allNamespaces);
        verb.Add(_labels);
        verb.Add(_fields);
    }

    /// <summary>Whether objects of all namespaces are selected.</summary>
    public bool IsOfAllNamespaces(ParseResult parsed) => parsed.GetValue(_allNamespaces);

    /// <summary>Reads the words, each of which is <c>KIND/NAME</c>; or the kinds and then the names.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="words">The kinds and names; at least one.</param>
    /// <param name="space">Knows the kinds.</param>
    /// <param name="cancellationToken">Cancels the search for definitions.</param>
    /// <returns>One selection for all names, or one for each <c>KIND/NAME</c>.</returns>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>.</exception>
    public IReadOnlyList<ObjectSelection> Read(
        ParseResult parsed, IReadOnlyList<string> words, ObjectSpace space, CancellationToken cancellationToken)
    {
        bool isAll = parsed.GetValue(_allNamespaces);
        ObjectSelection common = ReadCommon(parsed);
        ObjectSelection[] selections = Read(
            common with { Namespace = isAll ? null : common.Namespace ?? NamespaceDefault },
            words,
            kind => space.Resolve(kind, cancellationToken));
        return !isAll || Array.TrueForAll(selections, selection => selection.Names.Count == 0)
            ? selections
            : throw NamesWithOption();
    }

    /// <summary>Reads the words in the same way, for a verb to which no namespace means all of them.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="words">The kinds and names; none for all objects.</param>
    /// <param name="resolve">Returns the resource of a kind.</param>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>.</exception>
    public IReadOnlyList<ObjectSelection> ReadOfAll(
        ParseResult parsed, IReadOnlyList<string> words, Func<string, KnownResource> resolve)
    {
        ObjectSelection common = ReadCommon(parsed);
        return words.Count == 0 ? [common] : Read(common, words, resolve);
    }

    /// <summary>
    /// Reads the options without words, for such a verb: objects of all kinds, and with a namespace the object of that
    /// one too.
    /// </summary>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>.</exception>
    public IReadOnlyList<ObjectSelection> ReadAll(ParseResult parsed, Func<string, KnownResource> resolve)
    {
        ObjectSelection common = ReadCommon(parsed);
        if (common.Namespace is null)
        {
            return [common];
        }

        ObjectSelection itself = new() { Resources = [resolve("namespaces")], Names = [common.Namespace] };
        return [itself, common with { NamespacedOnly = true }];
    }

    /// <summary>The selection of the options alone.</summary>
    private ObjectSelection ReadCommon(ParseResult parsed) =>
        parsed.GetValue(_allNamespaces) && parsed.GetValue(_namespace) is not null
            ? throw InvalidInput("Both --namespace and --all-namespaces are given.", "Give one of them.")
            : new ObjectSelection
            {
                Namespace = parsed.GetValue(_namespace),
                Labels = parsed.GetValue(_labels) is { } labels ? LabelSelector.Parse(labels) : null,
                Fields = parsed.GetValue(_fields) is { } fields ? FieldSelector.Parse(fields) : null,
            };

    private static ObjectSelection[] Read(
        ObjectSelection common, IReadOnlyList<string> words, Func<string, KnownResource> resolve)
    {
        ObjectSelection[] selections = words[0].Contains('/', StringComparison.Ordinal)
            ? [.. words.Select(word => OfPair(common, word, resolve))]
            :
            [
                common with
                {
                    Resources = [.. words[0].Split(',').Select(resolve).Distinct()],
                    Names = [.. words.Skip(1)],
                },
            ];
        return common.Labels is not null && selections.Any(selection => selection.Names.Count > 0)
            ? throw NamesWithOption()
            : selections;
    }

    private static BackupException NamesWithOption() => InvalidInput(
        "Names cannot be combined with --all-namespaces or --selector.", "Remove the names, or the option.");

    private static ObjectSelection OfPair(
        ObjectSelection common, string word, Func<string, KnownResource> resolve) =>
        word.Split('/') is [{ Length: > 0 } kind, { Length: > 0 } name]
            ? common with { Resources = [resolve(kind)], Names = [name] }
            : throw InvalidInput(
                $"'{word}' is not KIND/NAME.", "Give all objects as KIND/NAME; or the kind, and then the names.");

    private static BackupException InvalidInput(string message, string hint) =>
        new(FailureReason.InvalidInput, message) { Hint = hint };
}
