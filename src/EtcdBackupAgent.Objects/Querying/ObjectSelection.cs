using System.Text.Json;
using EtcdBackupAgent.Core.Labels;
using EtcdBackupAgent.Objects.Keys;
using EtcdBackupAgent.Objects.Reading;
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

    /// <summary>Whether the place of an object is selected. Its labels are not known yet.</summary>
    public bool Covers(StorageKey place) =>
        (Resources is null || Resources.Any(resource => resource.Name == place.Resource))
        && (place.Namespace is null ? !NamespacedOnly : Namespace is null || place.Namespace == Namespace)
        && (Names.Count == 0 || Names.Contains(place.Name))
        && Fields?.Matches(place.Namespace, place.Name) != false;

    /// <summary>
    /// Whether an object has the labels. One that cannot be read is selected, so that it is not missed.
    /// </summary>
    public bool HasLabels(StoredObject content)
    {
        if (Labels is not { } selector || content.Json.IsEmpty)
        {
            return true;
        }

        using JsonDocument document = content.OpenJson();
        JsonElement labels = default;
        bool hasLabels = document.RootElement.TryGetProperty("metadata", out JsonElement metadata)
            && metadata.ValueKind == JsonValueKind.Object
            && metadata.TryGetProperty("labels", out labels)
            && labels.ValueKind == JsonValueKind.Object;
        return selector.Matches(name => hasLabels && labels.TryGetProperty(name, out JsonElement value)
            && value.ValueKind == JsonValueKind.String
                ? value.GetString()
                : null);
    }
}
