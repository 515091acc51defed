using EtcdBackupAgent.Core.Labels;
using EtcdBackupAgent.Objects.Keys;
using EtcdBackupAgent.Objects.Kinds;

namespace EtcdBackupAgent.Objects.Selecting;

/// <summary>Objects of one resource.</summary>
/// <param name="Resource">The resource.</param>
/// <param name="Names">The names; none for all.</param>
public sealed record SelectedKind(KnownResource Resource, NamePatterns Names);

/// <summary>Which objects of a snapshot are restored. All conditions must hold, and no exclusion.</summary>
public sealed record ObjectFilter
{
    private static readonly GroupResource NamespacesName = new("", "namespaces");

    /// <summary>The kinds, with names; empty for all kinds.</summary>
    public IReadOnlyList<SelectedKind> Kinds { get; init; } = [];

    /// <summary>The namespaces; none for all.</summary>
    public NamePatterns Namespaces { get; init; } = NamePatterns.None;

    /// <summary>The labels of an object; null for any.</summary>
    public LabelSelector? Labels { get; init; }

    /// <summary>The labels of the namespace of an object; null for any.</summary>
    public LabelSelector? NamespaceLabels { get; init; }

    public IReadOnlyList<KnownResource> ExcludedKinds { get; init; } = [];

    public NamePatterns ExcludedNamespaces { get; init; } = NamePatterns.None;

    public NamePatterns ExcludedNames { get; init; } = NamePatterns.None;

    public LabelSelector? ExcludedLabels { get; init; }

    public LabelSelector? ExcludedNamespaceLabels { get; init; }

    /// <summary>Whether the labels of namespaces decide.</summary>
    public bool NeedsNamespaceLabels => NamespaceLabels is not null || ExcludedNamespaceLabels is not null;

    private bool HasNamespaceCondition => !Namespaces.IsEmpty || NamespaceLabels is not null;

    /// <summary>Whether objects of a resource are asked for by its kind, and not only with all others.</summary>
    public bool Names(GroupResource resource) => Kinds.Any(kind => kind.Resource.Name == resource);

    /// <summary>
    /// Whether an object is selected by its place. An object of the whole cluster is not in a namespace: with a
    /// condition on namespaces it is selected only if its kind is named, or if it is such a namespace itself.
    /// </summary>
    /// <param name="place">The place in the snapshot.</param>
    /// <param name="labelsOf">Returns the labels of a namespace; null if it has none, or does not exist.</param>
    public bool IsSelected(StorageKey place, Func<string, Func<string, string?>> labelsOf)
    {
        SelectedKind[] kinds = [.. Kinds.Where(kind => kind.Resource.Name == place.Resource)];
        bool isOfKind = Kinds.Count == 0
            || kinds.Any(kind => kind.Names.IsEmpty || kind.Names.Matches(place.Name));
        if (!isOfKind || Excludes(place))
        {
            return false;
        }

        string? ns = NamespaceOf(place);
        return ns is null
            ? !HasNamespaceCondition || kinds.Length > 0
            : (Namespaces.IsEmpty || Namespaces.Matches(ns))
                && NamespaceLabels?.Matches(labelsOf(ns)) != false
                && ExcludedNamespaceLabels?.Matches(labelsOf(ns)) != true;
    }

    /// <summary>Whether an object is excluded by its place, also if another one needs it.</summary>
    public bool Excludes(StorageKey place) =>
        ExcludedKinds.Any(kind => kind.Name == place.Resource)
        || ExcludedNames.Matches(place.Name)
        || (NamespaceOf(place) is { } ns && ExcludedNamespaces.Matches(ns));

    /// <summary>Whether an object is selected by its labels.</summary>
    /// <param name="valueOf">Returns the value of a label; null if there is none.</param>
    public bool HasLabels(Func<string, string?> valueOf) =>
        Labels?.Matches(valueOf) != false && ExcludedLabels?.Matches(valueOf) != true;

    private static string? NamespaceOf(StorageKey place) =>
        place.Resource == NamespacesName ? place.Name : place.Namespace;
}
