using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.EndToEndTests.Kubernetes;

/// <summary>The bucket of one scene. Its content is read without the program.</summary>
internal sealed record SceneBucket(string Name, IObjectStore Store)
{
    /// <summary>The IDs of all complete snapshots, oldest first. Two snapshots may have begun within one second,
    /// which is the precision of a folder's name; the manifest is more precise.</summary>
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
                    // It was removed after the listing, as some scenes require.
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
