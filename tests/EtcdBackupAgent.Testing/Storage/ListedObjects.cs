using EtcdBackupAgent.Core.Repository;

namespace EtcdBackupAgent.Testing.Storage;

/// <summary>What a repository may consist of when nothing is left over.</summary>
public static class ListedObjects
{
    /// <summary>
    /// The keys of the repository's document and of all that the listed snapshots consist of, in ordinal order.
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
