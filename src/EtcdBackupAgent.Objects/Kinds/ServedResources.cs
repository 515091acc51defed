namespace EtcdBackupAgent.Objects.Kinds;

/// <summary>A version of a group whose resources an API server could not list completely.</summary>
/// <param name="ApiVersion">The group and the version.</param>
/// <param name="Reason">Why, in the words of the server where it gives any.</param>
public sealed record UnlistedVersion(string ApiVersion, string Reason);

/// <summary>All that an API server serves: each resource in each version.</summary>
public sealed class ServedResources
{
    private readonly ILookup<GroupResource, ServedResource> _byName;
    private readonly Dictionary<(string ApiVersion, string Kind), ServedResource> _byKind = [];

    /// <param name="resources">The resources. Of several versions of one, the preferred one comes first.</param>
    /// <param name="unlisted">The versions that may have more resources.</param>
    public ServedResources(IEnumerable<ServedResource> resources, IEnumerable<UnlistedVersion> unlisted)
    {
        All = [.. resources];
        Unlisted = [.. unlisted];
        _byName = All.ToLookup(resource => resource.Name);
        foreach (ServedResource resource in All)
        {
            _byKind.TryAdd((resource.ApiVersion, resource.Kind), resource);
        }
    }

    /// <summary>All resources in all versions. Those of a group are together, its preferred version first.</summary>
    public IReadOnlyList<ServedResource> All { get; }

    /// <summary>The versions whose resources are missing here, or may be: an aggregated API that is down.</summary>
    public IReadOnlyList<UnlistedVersion> Unlisted { get; }

    /// <summary>Returns the versions in which a resource is served, the preferred one first; empty if in none.
    /// </summary>
    public IEnumerable<ServedResource> VersionsOf(GroupResource name) => _byName[name];

    /// <summary>Returns a resource in the version that the server prefers; null if it is not served.</summary>
    public ServedResource? Preferred(GroupResource name) => _byName[name].FirstOrDefault();

    /// <summary>Returns the resource of a kind in exactly this version; null if it is not served.</summary>
    public ServedResource? Find(GroupVersionKind kind) => _byKind.GetValueOrDefault((kind.ApiVersion, kind.Kind));
}
