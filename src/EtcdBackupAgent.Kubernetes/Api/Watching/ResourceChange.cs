using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Api.Watching;

/// <summary>
/// A report of a watch. It describes the current state, not the events: several changes may arrive as one, and after an
/// interruption only the difference arrives.
/// </summary>
internal abstract record ResourceChange;

/// <summary>The object exists, in this state.</summary>
internal sealed record ResourcePresent(ResourceKey Key, JsonObject Item) : ResourceChange
{
    /// <summary>Whether a list has it, so that earlier states of the object may have gone unseen. Otherwise it is the
    /// state after the one that was reported last.</summary>
    public bool IsListed { get; init; }
}

/// <summary>The object, which was reported before, is gone.</summary>
/// <param name="Key">Its name.</param>
/// <param name="Uid">Its uid.</param>
/// <param name="Last">The last state of the object, if the server reported its deletion. Null if it is only missing
/// from a list, for example after etcd was restored to an older state, in which case it was not deleted.</param>
internal sealed record ResourceGone(ResourceKey Key, string Uid, JsonObject? Last = null) : ResourceChange;

/// <summary>All existing objects have been reported: an object that was not reported does not exist.</summary>
internal sealed record ResourcesListed : ResourceChange
{
    public static readonly ResourcesListed Now = new();
}

/// <summary>The watch cannot report changes for a while; it continues by itself after this time.</summary>
internal sealed record WatchInterrupted(BackupException Failure, TimeSpan RetryIn) : ResourceChange;

/// <summary>Identifies an object among those of its kind; the namespace is empty for kinds that are not
/// namespaced.</summary>
internal readonly record struct ResourceKey(string Namespace, string Name)
{
    public static ResourceKey Of(JsonObject item) => new(ObjectMetadata.Namespace(item), ObjectMetadata.Name(item));

    public override string ToString() => Namespace.Length == 0 ? Name : $"{Namespace}/{Name}";
}
