using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.EndToEndTests.Kubernetes;

/// <summary>A bucket of a scene's own, and what is in it, read without the program.</summary>
internal sealed record SceneBucket(string Name, IObjectStore Store)
{
    /// <summary>The IDs of all complete snapshots, oldest first. Two may have been begun within a second, which is all
    /// that a folder's name tells; the manifest tells more.</summary>
    public async Task<IReadOnlyList<string>> SnapshotsAsync()
    {
        List<(DateTimeOffset StartedAt, string Id)> snapshots = [];
        foreach (string key in await KeysAsync())
        {
            if (key.Split('/') is ["snapshots", _, "manifest.json"])
            {
                try
                {
                    await using Stream content =
                        await Store.OpenReadAsync(new ObjectKey(key), range: null, CancellationToken.None);
                    JsonNode manifest = (await JsonNode.ParseAsync(content))!;
                    snapshots.Add(((DateTimeOffset)manifest["startedAt"]!, (string)manifest["id"]!));
                }
                catch (BackupException e) when (e.Reason == FailureReason.ObjectNotFound)
                {
                    // Removed since the listing, as the scene may want it to be.
                }
            }
        }

        return [.. snapshots.Order().Select(snapshot => snapshot.Id)];
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
