using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Labels;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Objects.Keys;
using EtcdBackupAgent.Objects.Kinds;

namespace EtcdBackupAgent.Objects.Selecting;

/// <summary>Which objects of a cluster are backed up: the fields of a policy, read.</summary>
public sealed class BackupSelection
{
    private static readonly GroupResource Namespaces = new("", "namespaces");

    private readonly ObjectFilter _filter;
    private readonly LabelSelector[] _anyOf;
    private readonly bool _inheritsLabels;
    private readonly ClusterResources _clusterResources;

    private BackupSelection(PolicyObjects settings, ObjectFilter filter)
    {
        _filter = filter;
        _anyOf = [.. settings.OrLabelSelectors.Select(LabelSelector.Parse)];
        _inheritsLabels = settings.InheritNamespaceLabels;
        _clusterResources = settings.IncludeClusterResources;
    }

    /// <summary>The namespaces to list one by one; null if objects of all namespaces are listed and then selected.
    /// </summary>
    public IReadOnlyList<string>? NamedNamespaces =>
        !_filter.Namespaces.IsEmpty && _filter.Namespaces.IsExact
            ? [.. _filter.Namespaces.Exact.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)]
            : null;

    /// <summary>Whether the labels of namespaces decide.</summary>
    public bool NeedsNamespaceLabels => _filter.NeedsNamespaceLabels
        || (_inheritsLabels && (HasLabelCondition || _filter.ExcludedLabels is not null));

    /// <summary>Whether a cluster's own objects are backed up only if a selected object needs them.</summary>
    public bool OnlyNeededClusterObjects => _clusterResources == ClusterResources.Auto
        && (_filter.Kinds.Count > 0
            || !_filter.Namespaces.IsEmpty
            || _filter.NeedsNamespaceLabels
            || HasLabelCondition);

    private bool HasLabelCondition => _filter.Labels is not null || _anyOf.Length > 0;

    /// <summary>Reads the fields of a policy.</summary>
    /// <param name="settings">The fields.</param>
    /// <param name="catalog">The resources that the API server serves.</param>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>.</exception>
    public static BackupSelection Of(PolicyObjects settings, ResourceCatalog catalog) => new(
        settings,
        new ObjectFilter
        {
            Kinds = [.. settings.Resources.Select(kind => new SelectedKind(catalog.Require(kind), NamePatterns.None))],
            Namespaces = new NamePatterns(settings.Namespaces),
            Labels = Read(settings.LabelSelector),
            NamespaceLabels = Read(settings.NamespaceSelector),
            ExcludedKinds = [.. settings.ExcludeResources.Select(catalog.Require)],
            ExcludedNamespaces = new NamePatterns(settings.ExcludeNamespaces),
            ExcludedNames = new NamePatterns(settings.ExcludeNames),
            ExcludedLabels = Read(settings.ExcludeLabelSelector),
            ExcludedNamespaceLabels = Read(settings.ExcludeNamespaceSelector),
        });

    /// <summary>Whether objects of a resource have to be listed. Needed ones may have to be read in any case.</summary>
    public bool Lists(ServedResource resource) =>
        !_filter.ExcludedKinds.Any(kind => kind.Name == resource.Name)
        && (Names(resource.Name)
            || (_filter.Kinds.Count == 0
                && (resource.IsNamespaced
                    || resource.Name == Namespaces
                    || _clusterResources == ClusterResources.Always
                    || (_clusterResources == ClusterResources.Auto && !OnlyNeededClusterObjects))));

    /// <summary>Whether an object of the whole cluster is backed up because a selected object needs it.</summary>
    public bool TakesNeeded(StorageKey place) => place.Namespace is null
        && (_clusterResources != ClusterResources.Never || place.Resource == Namespaces)
        && !_filter.Excludes(place);

    /// <summary>Whether a kind is named, and not only selected with all others.</summary>
    public bool Names(GroupResource resource) => _filter.Names(resource);

    /// <summary>Whether an object is selected.</summary>
    /// <param name="place">Its place.</param>
    /// <param name="labelOf">Returns its own labels.</param>
    /// <param name="labelsOfNamespace">Returns the labels of a namespace.</param>
    public bool Covers(
        StorageKey place, Func<string, string?> labelOf, Func<string, Func<string, string?>> labelsOfNamespace)
    {
        Func<string, string?> labels = _inheritsLabels && place.Namespace is { } ns
            ? name => labelOf(name) ?? labelsOfNamespace(ns)(name)
            : labelOf;
        bool isOfCluster = place.Namespace is null && place.Resource != Namespaces;
        bool isSelected = isOfCluster && _clusterResources == ClusterResources.Always
            ? !_filter.Excludes(place)
            : _filter.IsSelected(place, labelsOfNamespace);
        return isSelected
            && _filter.HasLabels(labels)
            && (_anyOf.Length == 0 || Array.Exists(_anyOf, selector => selector.Matches(labels)));
    }

    private static LabelSelector? Read(string? selector) => selector is null ? null : LabelSelector.Parse(selector);
}
