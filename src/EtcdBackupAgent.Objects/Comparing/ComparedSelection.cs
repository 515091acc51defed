using EtcdBackupAgent.Objects.Keys;
using EtcdBackupAgent.Objects.Kinds;
using EtcdBackupAgent.Objects.Querying;
using EtcdBackupAgent.Objects.Reading;

namespace EtcdBackupAgent.Objects.Comparing;

/// <summary>Which objects are compared.</summary>
/// <param name="Parts">An object is compared if one of them selects it.</param>
/// <param name="Noise">Leaves out kinds, except for those that are named.</param>
public sealed record ComparedSelection(IReadOnlyList<ObjectSelection> Parts, Noise Noise)
{
    /// <summary>The resources that are named; null if all are compared.</summary>
    public IReadOnlySet<GroupResource>? Resources => Parts.Any(part => part.Resources is null)
        ? null
        : Parts.SelectMany(part => part.Resources!).Select(resource => resource.Name).ToHashSet();

    /// <summary>Whether the place of an object is selected.</summary>
    public bool Covers(StorageKey place) => Parts.Any(
        part => part.Covers(place)
            && (part.Resources is not null
                || (!Noise.IsLeftOut(place.Resource) && (part.Namespace is null || place.Namespace is not null))));

    /// <summary>Whether an object has the labels that one of the parts requires.</summary>
    public bool HasLabels(StorageKey place, StoredObject content) =>
        Parts.Any(part => part.Covers(place) && part.HasLabels(content));
}
