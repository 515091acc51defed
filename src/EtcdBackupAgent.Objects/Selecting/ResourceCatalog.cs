using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Objects.CustomResources;
using EtcdBackupAgent.Objects.Kinds;
using EtcdBackupAgent.Objects.Tables;

namespace EtcdBackupAgent.Objects.Selecting;

/// <summary>A resource that a snapshot can have: a built-in one, or one that a definition in it defines.</summary>
/// <param name="Name">The group and the plural.</param>
/// <param name="Kind">The kind, such as <c>Deployment</c>.</param>
/// <param name="Singular">The singular in lower case.</param>
/// <param name="IsNamespaced">False for objects of the whole cluster.</param>
/// <param name="ShortNames">What kubectl accepts in place of the plural, such as <c>deploy</c>.</param>
/// <param name="Definition">The definition; null for a built-in resource.</param>
public sealed record KnownResource(
    GroupResource Name,
    string Kind,
    string Singular,
    bool IsNamespaced,
    IReadOnlyList<string> ShortNames,
    CustomResourceDefinition? Definition);

/// <summary>
/// The resources of a snapshot, by the words that kubectl accepts: plural, singular, kind and short name, each also
/// with the group, or the version and the group, behind it.
/// </summary>
public sealed class ResourceCatalog
{
    private const int SuggestionsMax = 3;

    private readonly List<KnownResource> _resources;

    /// <param name="table">The built-in resources. The first that has a word gets it, as in kubectl.</param>
    /// <param name="definitions">The definitions in the snapshot.</param>
    public ResourceCatalog(FieldTable table, IEnumerable<CustomResourceDefinition> definitions) => _resources =
    [
        .. table.Resources.Select(resource => new KnownResource(
            resource.Name,
            resource.Kind,
            resource.Kind.ToLowerInvariant(),
            resource.IsNamespaced,
            resource.ShortNames,
            Definition: null)),
        .. definitions
            .OrderBy(definition => definition.Name.ToString(), StringComparer.Ordinal)
            .Select(definition => new KnownResource(
                definition.Name,
                definition.Kind,
                definition.Singular,
                definition.IsNamespaced,
                definition.ShortNames,
                definition)),
    ];

    /// <summary>The resources that an API server serves.</summary>
    /// <param name="served">The resources. The first that has a word gets it.</param>
    public ResourceCatalog(IEnumerable<ServedResource> served) => _resources =
    [
        .. served.Select(resource => new KnownResource(
            resource.Name,
            resource.Kind,
            resource.Singular.Length > 0 ? resource.Singular : resource.Kind.ToLowerInvariant(),
            resource.IsNamespaced,
            resource.ShortNames,
            Definition: null)),
    ];

    /// <summary>All resources, the built-in ones first.</summary>
    public IReadOnlyList<KnownResource> Resources => _resources;

    /// <summary>Returns the resource that a word names; null if there is none.</summary>
    public KnownResource? Find(string word)
    {
        string lower = word.ToLowerInvariant();
        int dot = lower.IndexOf('.', StringComparison.Ordinal);
        string name = dot < 0 ? lower : lower[..dot];
        string? group = dot < 0 ? null : lower[(dot + 1)..];
        return _resources.Find(resource => IsName(resource, name) && (group is null || IsGroup(resource, group)));
    }

    /// <summary>Returns the resource that a word names.</summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/>, with the names that are most like it.
    /// </exception>
    public KnownResource Require(string word)
    {
        if (Find(word) is { } found)
        {
            return found;
        }

        string[] like =
        [
            .. _resources
                .Where(resource => IsLike(resource, word.ToLowerInvariant()))
                .Select(resource => resource.Name.ToString())
                .Take(SuggestionsMax),
        ];
        throw new BackupException(
            FailureReason.InvalidInput, $"There is no kind '{word}', and no definition of one in the snapshot.")
        {
            Hint = like.Length > 0
                ? $"Did you mean {string.Join(" or ", like)}?"
                : "Without a kind, 'objects list' shows all that the snapshot has.",
        };
    }

    private static bool IsName(KnownResource resource, string name) =>
        resource.Name.Resource == name
        || resource.Singular == name
        || resource.ShortNames.Contains(name, StringComparer.Ordinal)
        || resource.Kind.Equals(name, StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// Whether a text is the group, a beginning of it as kubectl accepts it, or a version and the group.
    /// </summary>
    private static bool IsGroup(KnownResource resource, string text) =>
        text == resource.Name.Group
        || resource.Name.Group.StartsWith($"{text}.", StringComparison.Ordinal)
        || (IsVersion(text.Split('.')[0])
            && text[(text.IndexOf('.', StringComparison.Ordinal) + 1)..] is var group
            && (group == resource.Name.Group || (resource.Name.Group.Length == 0 && IsVersion(text))));

    private static bool IsVersion(string text) => text.Length > 1 && text[0] == 'v' && char.IsAsciiDigit(text[1]);

    private static bool IsLike(KnownResource resource, string word)
    {
        string name = word.Split('.')[0];
        return name.Length > 2
            && (resource.Name.Resource.Contains(name, StringComparison.Ordinal)
                || name.Contains(resource.Singular, StringComparison.Ordinal)
                || Differences(resource.Singular, name) <= 2
                || Differences(resource.Name.Resource, name) <= 2);
    }

    /// <summary>The number of letters to change, add or remove (Levenshtein).</summary>
    private static int Differences(string one, string other)
    {
        int[] row = [.. Enumerable.Range(0, other.Length + 1)];
        for (int i = 1; i <= one.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= other.Length; j++)
            {
                int replaced = diagonal + (one[i - 1] == other[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}
