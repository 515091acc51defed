using System.CommandLine;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Objects.Restoring;

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
    public ObjectFilterWords Read(ParseResult parsed, IReadOnlyList<string> words) => new()
    {
        Resources = ReadResources(words),
        Namespaces = parsed.GetValue(_namespaces) ?? [],
        Labels = parsed.GetValue(_labels),
        NamespaceLabels = parsed.GetValue(_namespaceLabels),
        ExcludedResources = [.. (parsed.GetValue(_excludedKinds) ?? []).SelectMany(text => text.Split(','))],
        ExcludedNamespaces = parsed.GetValue(_excludedNamespaces) ?? [],
        ExcludedNames = parsed.GetValue(_excludedNames) ?? [],
        ExcludedLabels = parsed.GetValue(_excludedLabels),
        ExcludedNamespaceLabels = parsed.GetValue(_excludedNamespaceLabels),
    };

    private static IReadOnlyList<string> ReadResources(IReadOnlyList<string> words)
    {
        if (words.Count == 0)
        {
            return [];
        }

        if (words[0].Contains('/', StringComparison.Ordinal))
        {
            return words.FirstOrDefault(word => !IsPair(word)) is { } other
                ? throw new BackupException(FailureReason.InvalidInput, $"'{other}' is not KIND/NAME.")
                {
                    Hint = "Give all objects as KIND/NAME; or the kind, and then the names.",
                }
                : words;
        }

        string[] kinds = words[0].Split(',');
        return words.Count == 1
            ? kinds
            : [.. kinds.SelectMany(kind => words.Skip(1).Select(name => $"{kind}/{name}"))];
    }

    private static bool IsPair(string word) => word.Split('/') is [{ Length: > 0 }, { Length: > 0 }];

    private static Option<string[]> Repeatable(string name, string description, params string[] aliases) =>
        new(name, aliases) { Description = $"{description} Can be repeated.", HelpName = "NAMES" };

    private static Option<string?> Selector(string name, string description, params string[] aliases) =>
        new(name, aliases) { Description = description, HelpName = "SELECTOR" };
}
