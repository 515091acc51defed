namespace EtcdBackupAgent.Core.Policies;

/// <summary>
/// Which objects a policy with <c>source: Objects</c> backs up. Texts are as a user writes them; see
/// <c>docs/policies.md</c>. All conditions must hold, and no exclusion.
/// </summary>
public sealed record PolicyObjects
{
    /// <summary>Kinds as kubectl accepts them; empty for all that the API server serves and stores.</summary>
    public IReadOnlyList<string> Resources { get; init; } = [];

    /// <summary>Namespaces, with <c>*</c> and <c>?</c>; empty for all.</summary>
    public IReadOnlyList<string> Namespaces { get; init; } = [];

    /// <summary>A selector of labels; null for any.</summary>
    public string? LabelSelector { get; init; }

    /// <summary>Selectors of labels of which at least one must match; empty for any.</summary>
    public IReadOnlyList<string> OrLabelSelectors { get; init; } = [];

    /// <summary>A selector of the labels of an object's namespace; null for any.</summary>
    public string? NamespaceSelector { get; init; }

    public IReadOnlyList<string> ExcludeResources { get; init; } = [];

    public IReadOnlyList<string> ExcludeNamespaces { get; init; } = [];

    public IReadOnlyList<string> ExcludeNames { get; init; } = [];

    public string? ExcludeLabelSelector { get; init; }

    public string? ExcludeNamespaceSelector { get; init; }

    /// <summary>Which objects of the whole cluster are backed up too.</summary>
    public ClusterResources IncludeClusterResources { get; init; } = ClusterResources.Auto;

    /// <summary>Whether an object that lacks a label counts as having its namespace's.</summary>
    public bool InheritNamespaceLabels { get; init; }
}

/// <summary>Which objects of the whole cluster, such as definitions and cluster roles, are backed up.</summary>
public enum ClusterResources
{
    /// <summary>
    /// All, if neither a namespace nor a label is selected; otherwise those that the selected objects of namespaces
    /// need.
    /// </summary>
    Auto,

    /// <summary>All whose kind and labels are selected.</summary>
    Always,

    /// <summary>None but the namespaces of selected objects, and kinds that are named.</summary>
    Never,
}
