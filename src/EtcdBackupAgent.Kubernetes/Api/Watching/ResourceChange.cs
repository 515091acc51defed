using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Api.Watching;

/// <summary>
/// What a watch tells. It is about what is, not about what happened: several changes may arrive as one, and after an
/// interruption only the difference arrives.
/// </summary>
internal abstract record ResourceChange;

/// <summary>This object is there, as it is now.</summary>
internal sealed record ResourcePresent(ResourceKey Key, JsonObject Item) : ResourceChange;

/// <summary>This object, which was told of before, is gone.</summary>
/// <param name="Key">Its name.</param>
/// <param name="Uid">Its uid.</param>
/// <param name="Last">The object as it was last, where the server reported that it was deleted. Null where it is only
/// missing from a list: after etcd was restored to an older state, say, when nobody deleted it.</param>
internal sealed record ResourceGone(ResourceKey Key, string Uid, JsonObject? Last = null) : ResourceChange;

/// <summary>All that is there has been told: what was not is not there.</summary>
internal sealed record ResourcesListed : ResourceChange
{
    public static readonly ResourcesListed Now = new();
}

/// <summary>Nothing can be told for a while; the watch goes on by itself after this time.</summary>
internal sealed record WatchInterrupted(BackupException Failure, TimeSpan RetryIn) : ResourceChange;

/// <summary>What tells objects of one kind apart; the namespace is empty for those in none.</summary>
internal readonly record struct ResourceKey(string Namespace, string Name)
{
    public static ResourceKey Of(JsonObject item) => new(ObjectMetadata.Namespace(item), ObjectMetadata.Name(item));

    public override string ToString() => Namespace.Length == 0 ? Name : $"{Namespace}/{Name}";
}
