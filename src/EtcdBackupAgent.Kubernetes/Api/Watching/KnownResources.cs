using System.Text.Json.Nodes;
using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Api.Watching;

/// <summary>What a watch has reported so far: enough to report only differences, without the objects
/// themselves.</summary>
internal sealed class KnownResources
{
    private readonly Dictionary<ResourceKey, (string Uid, string Version)> _known = [];

    /// <summary>Returns the difference between what was reported and a complete list.</summary>
    public IReadOnlyList<ResourceChange> Replace(IReadOnlyList<JsonObject> items)
    {
        HashSet<ResourceKey> present = [.. items.Select(ResourceKey.Of)];
        ResourceKey[] gone = [.. _known.Keys.Where(key => !present.Contains(key))];
        List<ResourceChange> changes = [.. gone.Select(key => Remove(key)).OfType<ResourceChange>()];
        foreach (JsonObject item in items)
        {
            changes.AddRange(Put(item, isListed: true));
        }

        changes.Add(ResourcesListed.Now);
        return changes;
    }

    /// <summary>Returns what to report about an existing object: nothing, if this version was reported already; first
    /// that its predecessor is gone, if it is another object of the same name.</summary>
    /// <param name="item">The object.</param>
    /// <param name="isListed">See <see cref="ResourcePresent.IsListed"/>.</param>
    public IEnumerable<ResourceChange> Put(JsonObject item, bool isListed = false)
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
        yield return new ResourcePresent(key, item) { IsListed = isListed };
    }

    /// <summary>Returns what to report about an object that is gone; null if it was never reported.</summary>
    /// <param name="key">Its name.</param>
    /// <param name="last">See <see cref="ResourceGone.Last"/>.</param>
    public ResourceChange? Remove(ResourceKey key, JsonObject? last = null) =>
        _known.Remove(key, out (string Uid, string Version) before) ? new ResourceGone(key, before.Uid, last) : null;
}
