using EtcdBackupAgent.Core.Repository;

namespace EtcdBackupAgent.EndToEndTests.Kubernetes;

/// <summary>A bucket of a scene's own, and what is in it, read without the program.</summary>
internal sealed record SceneBucket(string Name, IObjectStore Store)
{
    /// <summary>The IDs of all complete snapshots, oldest first.</summary>
    public async Task<IReadOnlyList<string>> SnapshotsAsync()
    {
        List<string> folders = [];
        await foreach (StoredObject found in Store.ListAsync("snapshots/", CancellationToken.None))
        {
            if (found.Key.Value.Split('/') is [_, string folder, "manifest.json"])
            {
                folders.Add(folder);
            }
        }

        return [.. folders.Order(StringComparer.Ordinal).Select(folder => folder.Split('-')[^1])];
    }

    /// <summary>The keys of all objects, in ordinal order.</summary>
    public async Task<IReadOnlyList<string>> KeysAsync()
    {
        List<string> keys = [];
        await foreach (StoredObject found in Store.ListAsync("", CancellationToken.None))
        {
            keys.Add(found.Key.Value);
        }

        return [.. keys.Order(StringComparer.Ordinal)];
    }
}
