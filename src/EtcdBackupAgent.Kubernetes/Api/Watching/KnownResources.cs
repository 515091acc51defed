using System.Text.Json.Nodes;
using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Api.Watching;

/// <summary>What a watch has told so far: enough to tell only what is new, not the objects themselves.</summary>
internal sealed class KnownResources
{
    private readonly Dictionary<ResourceKey, (string Uid, string Version)> _known = [];

    /// <summary>The difference between what was told and a whole list.</summary>
    public IReadOnlyList<ResourceChange> Replace(IReadOnlyList<JsonObject> items)
    {
        HashSet<ResourceKey> present = [.. items.Select(ResourceKey.Of)];
        ResourceKey[] gone = [.. _known.Keys.Where(key => !present.Contains(key))];
        List<ResourceChange> changes = [.. gone.Select(key => Remove(key)).OfType<ResourceChange>()];
        foreach (JsonObject item in items)
        {
            changes.AddRange(Put(item));
        }

        changes.Add(ResourcesListed.Now);
        return changes;
    }

    /// <summary>What is to be told of an object that is there: nothing, if it was told as it is; that its predecessor
    /// is gone first, if it is another one of the same name.</summary>
    public IEnumerable<ResourceChange> Put(JsonObject item)
    {
        ResourceKey key = ResourceKey.Of(item);
        (string Uid, string Version) now = (ObjectMetadata.Uid(item), ObjectMetadata.ResourceVersion(item));
        bool isKnown = _known.TryGetValue(key, out (string Uid, string Version) before);
        if (isKnown && before == now)
        {
            yield break;
        }

        if (isKnown && before.Uid != now.Uid)
        {
            yield return new ResourceGone(key, before.Uid);
        }

        _known[key] = now;
        yield return new ResourcePresent(key, item);
    }

    /// <summary>What is to be told of an object that is gone; null if it was never told of.</summary>
    /// <param name="key">Its name.</param>
    /// <param name="last">See <see cref="ResourceGone.Last"/>.</param>
    public ResourceChange? Remove(ResourceKey key, JsonObject? last = null) =>
        _known.Remove(key, out (string Uid, string Version) before) ? new ResourceGone(key, before.Uid, last) : null;
}
