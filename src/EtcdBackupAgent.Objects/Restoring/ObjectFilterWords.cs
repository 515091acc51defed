using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Labels;
using EtcdBackupAgent.Objects.Querying;
using EtcdBackupAgent.Objects.Selecting;

namespace EtcdBackupAgent.Objects.Restoring;

/// <summary>
/// A selection in the user's words: those of the command line, or the fields of a MetadataRestore. Only a snapshot
/// knows what its kinds are called, so they become a filter when it is open.
/// </summary>
public sealed record ObjectFilterWords
{
    /// <summary>Each is <c>KIND</c> or <c>KIND/NAME</c>; empty for all kinds.</summary>
    public IReadOnlyList<string> Resources { get; init; } = [];

    public IReadOnlyList<string> Namespaces { get; init; } = [];

    /// <summary>Null for any labels; likewise the other selectors.</summary>
    public string? Labels { get; init; }

    public string? NamespaceLabels { get; init; }

    public IReadOnlyList<string> ExcludedResources { get; init; } = [];

    public IReadOnlyList<string> ExcludedNamespaces { get; init; } = [];

    public IReadOnlyList<string> ExcludedNames { get; init; } = [];

    public string? ExcludedLabels { get; init; }

    public string? ExcludedNamespaceLabels { get; init; }

    /// <summary>Returns the filter.</summary>
    /// <param name="space">The objects of the snapshot, which has the definitions of kinds.</param>
    /// <param name="cancellationToken">Cancels the search for definitions.</param>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/>: the snapshot does not have the kind, or a selector cannot be read.
    /// </exception>
    public ObjectFilter Resolve(ObjectSpace space, CancellationToken cancellationToken) => new()
    {
        Kinds = [.. Resources.Select(word => KindOf(word, space, cancellationToken))],
        Namespaces = new NamePatterns(Namespaces),
        Labels = SelectorOf(Labels),
        NamespaceLabels = SelectorOf(NamespaceLabels),
        ExcludedKinds = [.. ExcludedResources.Select(word => space.Resolve(word.Trim(), cancellationToken))],
        ExcludedNamespaces = new NamePatterns(ExcludedNamespaces),
        ExcludedNames = new NamePatterns(ExcludedNames),
        ExcludedLabels = SelectorOf(ExcludedLabels),
        ExcludedNamespaceLabels = SelectorOf(ExcludedNamespaceLabels),
    };

    private static SelectedKind KindOf(string word, ObjectSpace space, CancellationToken cancellationToken) =>
        word.Split('/') switch
        {
            [{ Length: > 0 } kind] => new SelectedKind(
                space.Resolve(kind.Trim(), cancellationToken), NamePatterns.None),
            [{ Length: > 0 } kind, { Length: > 0 } name] => new SelectedKind(
                space.Resolve(kind.Trim(), cancellationToken), new NamePatterns([name])),
            _ => throw new BackupException(FailureReason.InvalidInput, $"'{word}' is not KIND or KIND/NAME."),
        };

    private static LabelSelector? SelectorOf(string? text) => text is null ? null : LabelSelector.Parse(text);
}
