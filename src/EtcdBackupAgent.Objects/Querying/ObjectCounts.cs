namespace EtcdBackupAgent.Objects.Querying;

/// <summary>How many keys of a key space are objects, and of what.</summary>
/// <param name="Resources">The number of objects of each resource, by its name.</param>
/// <param name="Unknown">Keys below a prefix of an API server that are of no known form.</param>
/// <param name="ServerData">Keys that an API server keeps for itself.</param>
/// <param name="Foreign">Keys of other programs.</param>
public sealed record ObjectCounts(
    IReadOnlyDictionary<string, long> Resources, long Unknown, long ServerData, long Foreign);
