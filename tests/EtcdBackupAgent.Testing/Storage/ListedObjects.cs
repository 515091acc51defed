using EtcdBackupAgent.Core.Repository;

namespace EtcdBackupAgent.Testing.Storage;

/// <summary>Computes the objects of a repository without leftovers.</summary>
public static class ListedObjects
{
    /// <summary>
    /// Returns the keys of the repository document and of all objects of the listed snapshots, in ordinal order.
    /// </summary>
    public static IReadOnlyList<string> KeysOfListed(this Inventory inventory) =>
    [
        .. inventory.Snapshots
            .SelectMany(s => s.Manifest.Artifacts.Select(a => a.Key).Append(s.Folder.ManifestKey))
            .Select(key => key.Value)
            .Append("repository.json")
            .Order(StringComparer.Ordinal),
    ];
}
