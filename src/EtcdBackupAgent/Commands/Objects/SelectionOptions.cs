using System.CommandLine;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Objects.Querying;
using EtcdBackupAgent.Objects.Selecting;

namespace EtcdBackupAgent.Commands.Objects;

/// <summary>The words and options that select objects, as those of <c>kubectl get</c>.</summary>
/// <param name="namespaceDefault">The namespace if none is given; null for all.</param>
internal sealed class SelectionOptions(string? namespaceDefault = "default")
{
    private readonly Option<string?> _namespace = new("--namespace", "-n")
    {
        Description = $"The namespace (default: {namespaceDefault ?? "all"}).",
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
        ObjectSelection common = ReadCommon(parsed);
        bool isPair = words[0].Contains('/', StringComparison.Ordinal);
        ObjectSelection[] selections = isPair
            ? [.. words.Select(word => OfPair(common, word, space, cancellationToken))]
            :
            [
                common with
                {
                    Resources =
                    [
                        .. words[0].Split(',').Select(kind => space.Resolve(kind, cancellationToken)).Distinct(),
                    ],
                    Names = [.. words.Skip(1)],
                },
            ];
        if (selections.Any(selection => selection.Names.Count > 0)
            && (IsOfAllNamespaces(parsed) || common.Labels is not null))
        {
            throw InvalidInput(
                "Names cannot be combined with --all-namespaces or --selector.", "Remove the names, or the option.");
        }

        return selections;
    }

    /// <summary>
    /// Reads the options without words: objects of all kinds, and with a namespace the object of that one too.
    /// </summary>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>.</exception>
    public IReadOnlyList<ObjectSelection> ReadAll(
        ParseResult parsed, ObjectSpace space, CancellationToken cancellationToken)
    {
        ObjectSelection common = ReadCommon(parsed);
        if (common.Namespace is null)
        {
            return [common];
        }

        ObjectSelection itself = new()
        {
            Resources = [space.Resolve("namespaces", cancellationToken)],
            Names = [common.Namespace],
        };
        return [itself, common with { NamespacedOnly = true }];
    }

    private ObjectSelection ReadCommon(ParseResult parsed)
    {
        bool isAll = parsed.GetValue(_allNamespaces);
        return isAll && parsed.GetValue(_namespace) is not null
            ? throw InvalidInput("Both --namespace and --all-namespaces are given.", "Give one of them.")
            : new ObjectSelection
            {
                Namespace = isAll ? null : parsed.GetValue(_namespace) ?? namespaceDefault,
                Labels = parsed.GetValue(_labels) is { } labels ? LabelSelector.Parse(labels) : null,
                Fields = parsed.GetValue(_fields) is { } fields ? FieldSelector.Parse(fields) : null,
            };
    }

    private static ObjectSelection OfPair(
        ObjectSelection common, string word, ObjectSpace space, CancellationToken cancellationToken) =>
        word.Split('/') is [{ Length: > 0 } kind, { Length: > 0 } name]
            ? common with { Resources = [space.Resolve(kind, cancellationToken)], Names = [name] }
            : throw InvalidInput(
                $"'{word}' is not KIND/NAME.", "Give all objects as KIND/NAME; or the kind, and then the names.");

    private static BackupException InvalidInput(string message, string hint) =>
        new(FailureReason.InvalidInput, message) { Hint = hint };
}
