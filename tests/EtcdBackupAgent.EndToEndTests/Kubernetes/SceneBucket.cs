using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.EndToEndTests.Kubernetes;

/// <summary>The bucket of one scene. Its content is read without the program.</summary>
internal sealed record SceneBucket(string Name, IObjectStore Store)
{
    /// <summary>The IDs of all complete snapshots, oldest first. Two snapshots may have begun within one second,
    /// which is the precision of a folder's name; the manifest is more precise.</summary>
    public async Task<IReadOnlyList<string>> SnapshotsAsync() =>
        [.. (await ManifestsAsync()).Select(manifest => (string)manifest["id"]!)];

    /// <summary>The manifests of all complete snapshots, in the same order.</summary>
    public async Task<IReadOnlyList<JsonNode>> ManifestsAsync()
    {
        List<JsonNode> manifests = [];
        foreach (string key in await KeysAsync())
        {
            if (key.Split('/') is ["snapshots", _, "manifest.json"])
            {
                try
                {
                    await using Stream content =
                        await Store.OpenReadAsync(new ObjectKey(key), range: null, CancellationToken.None);
                    manifests.Add((await JsonNode.ParseAsync(content))!);
                }
                catch (BackupException e) when (e.Reason == FailureReason.ObjectNotFound)
                {
                    // It was removed after the listing, as some scenes require.
                }
            }
        }

        return
        [
            .. manifests
                .OrderBy(manifest => (DateTimeOffset)manifest["startedAt"]!)
                .ThenBy(manifest => (string)manifest["id"]!, StringComparer.Ordinal),
        ];
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
