using System.CommandLine;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Labels;
using EtcdBackupAgent.Objects.Querying;
using EtcdBackupAgent.Objects.Selecting;

namespace EtcdBackupAgent.Commands.Objects;

/// <summary>The words and options that select the objects of a restore.</summary>
internal sealed class RestoreFilterOptions
{
    private readonly Option<string[]> _namespaces = Repeatable(
        "--namespace",
        "Only these namespaces, and the Namespace objects themselves; with * and ? (default: all).",
        "-n");

    private readonly Option<string?> _labels = Selector(
        "--selector", "Only objects with these labels, such as app=shop,tier!=cache.", "-l");

    private readonly Option<string?> _namespaceLabels = Selector(
        "--namespace-selector", "Only objects in namespaces with these labels.");

    private readonly Option<string[]> _excludedKinds = Repeatable("--exclude-kinds", "Not these kinds.");

    private readonly Option<string[]> _excludedNamespaces = Repeatable(
        "--exclude-namespaces", "Not these namespaces; with * and ?.");

    private readonly Option<string[]> _excludedNames = Repeatable(
        "--exclude-names", "Not objects with these names; with * and ?.");

    private readonly Option<string?> _excludedLabels = Selector(
        "--exclude-selector", "Not objects with these labels.");

    private readonly Option<string?> _excludedNamespaceLabels = Selector(
        "--exclude-namespace-selector", "Not objects in namespaces with these labels.");

    public void AddTo(Command verb)
    {
        verb.Add(_namespaces);
        verb.Add(_labels);
        verb.Add(_namespaceLabels);
        verb.Add(_excludedKinds);
        verb.Add(_excludedNamespaces);
        verb.Add(_excludedNames);
        verb.Add(_excludedLabels);
        verb.Add(_excludedNamespaceLabels);
    }

    /// <summary>
    /// Reads the words, which are kinds and then names, or <c>KIND/NAME</c> several times; and the options.
    /// </summary>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>.</exception>
    public ObjectFilter Read(
        ParseResult parsed, IReadOnlyList<string> words, ObjectSpace space, CancellationToken cancellationToken) =>
        new()
        {
            Kinds = ReadKinds(words, space, cancellationToken),
            Namespaces = Patterns(parsed, _namespaces),
            Labels = ReadSelector(parsed, _labels),
            NamespaceLabels = ReadSelector(parsed, _namespaceLabels),
            ExcludedKinds =
            [
                .. (parsed.GetValue(_excludedKinds) ?? []).SelectMany(text => text.Split(','))
                    .Select(word => space.Resolve(word.Trim(), cancellationToken)),
            ],
            ExcludedNamespaces = Patterns(parsed, _excludedNamespaces),
            ExcludedNames = Patterns(parsed, _excludedNames),
            ExcludedLabels = ReadSelector(parsed, _excludedLabels),
            ExcludedNamespaceLabels = ReadSelector(parsed, _excludedNamespaceLabels),
        };

    private static IReadOnlyList<SelectedKind> ReadKinds(
        IReadOnlyList<string> words, ObjectSpace space, CancellationToken cancellationToken)
    {
        if (words.Count == 0)
        {
            return [];
        }

        if (words[0].Contains('/', StringComparison.Ordinal))
        {
            return [.. words.Select(word => word.Split('/') is [{ Length: > 0 } kind, { Length: > 0 } name]
                ? new SelectedKind(space.Resolve(kind, cancellationToken), new NamePatterns([name]))
                : throw new BackupException(FailureReason.InvalidInput, $"'{word}' is not KIND/NAME.")
                {
                    Hint = "Give all objects as KIND/NAME; or the kind, and then the names.",
                })];
        }

        NamePatterns names = new(words.Skip(1));
        return
        [
            .. words[0].Split(',').Select(
                word => new SelectedKind(space.Resolve(word.Trim(), cancellationToken), names)),
        ];
    }

    private static NamePatterns Patterns(ParseResult parsed, Option<string[]> option) =>
        new(parsed.GetValue(option) ?? []);

    private static LabelSelector? ReadSelector(ParseResult parsed, Option<string?> option) =>
        parsed.GetValue(option) is { } text ? LabelSelector.Parse(text) : null;

    private static Option<string[]> Repeatable(string name, string description, params string[] aliases) =>
        new(name, aliases) { Description = $"{description} Can be repeated.", HelpName = "NAMES" };

    private static Option<string?> Selector(string name, string description, params string[] aliases) =>
        new(name, aliases) { Description = description, HelpName = "SELECTOR" };
}
