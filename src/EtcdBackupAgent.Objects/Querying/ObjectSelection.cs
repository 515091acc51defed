using EtcdBackupAgent.Objects.Selecting;

namespace EtcdBackupAgent.Objects.Querying;

/// <summary>Which objects are read.</summary>
public sealed record ObjectSelection
{
    /// <summary>The resources; null for all.</summary>
    public IReadOnlyList<KnownResource>? Resources { get; init; }

    /// <summary>The namespace; null for all. It does not matter for objects of the whole cluster.</summary>
    public string? Namespace { get; init; }

    /// <summary>Leave out objects of the whole cluster.</summary>
    public bool NamespacedOnly { get; init; }

    /// <summary>The names; empty for all.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];

    /// <summary>The labels that an object must have; null for any.</summary>
    public LabelSelector? Labels { get; init; }

    /// <summary>The name and the namespace that an object must have; null for any.</summary>
    public FieldSelector? Fields { get; init; }
}
