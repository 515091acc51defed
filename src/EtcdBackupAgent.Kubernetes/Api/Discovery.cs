using System.Text.Json.Nodes;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Objects.Kinds;

namespace EtcdBackupAgent.Kubernetes.Api;

/// <summary>
/// Reads what an API server serves: groups, versions and resources. An aggregated API that is down does not stop it:
/// its versions are in <see cref="ServedResources.Unlisted"/>.
/// </summary>
/// <remarks>
/// 1. Request the aggregated documents of <c>/api</c> and <c>/apis</c> (on by default since Kubernetes 1.27).
/// 2. A server that does not have them returns the names of groups and versions: then request each version.
/// Source: https://kubernetes.io/docs/concepts/overview/kubernetes-api/#aggregated-discovery
/// </remarks>
internal sealed class Discovery(KubernetesClient client)
{
    private const string Aggregated =
        "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
        + "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";

    private readonly List<ServedResource> _resources = [];
    private readonly List<UnlistedVersion> _unlisted = [];

    /// <summary>Reads everything. Throws as the members of <see cref="KubernetesClient"/> do.</summary>
    public static async Task<ServedResources> ReadAsync(KubernetesClient client, CancellationToken cancellationToken)
    {
        Discovery discovery = new(client);
        await discovery.AddAsync("api", cancellationToken);
        await discovery.AddAsync("apis", cancellationToken);
        return new ServedResources(discovery._resources, discovery._unlisted);
    }

    /// <summary>Finds the resource of a kind in one version; null if the server serves the version but not the kind.
    /// Throws as the members of <see cref="KubernetesClient"/> do, also if the server does not serve the
    /// version.</summary>
    public static async Task<ServedResource?> FindAsync(
        KubernetesClient client, string apiVersion, string kind, CancellationToken cancellationToken)
    {
        string root = apiVersion.Contains('/', StringComparison.Ordinal) ? "apis" : "api";
        Discovery discovery = new(client);
        discovery.AddVersion(
            apiVersion, await client.ReadAsync($"{root}/{apiVersion}", "application/json", cancellationToken));
        return discovery._resources.FirstOrDefault(resource => resource.Kind == kind);
    }

    private async Task AddAsync(string root, CancellationToken cancellationToken)
    {
        // 1
        JsonObject document = await client.ReadAsync(root, Aggregated, cancellationToken);
        if (ObjectList.KindOf(document) == "APIGroupDiscoveryList")
        {
            foreach (JsonObject group in ObjectList.Items(document))
            {
                AddGroup(ObjectMetadata.Name(group), ObjectFields.Objects(group, "versions"));
            }

            return;
        }

        // 2
        foreach (string apiVersion in ApiVersions(document))
        {
            await AddVersionAsync(root, apiVersion, cancellationToken);
        }
    }

    private void AddGroup(string name, IEnumerable<JsonObject> versions)
    {
        foreach (JsonObject version in versions)
        {
            string versionName = ObjectFields.Text(version, "version") ?? "";
            if (ObjectFields.Text(version, "freshness") == "Stale")
            {
                _unlisted.Add(new UnlistedVersion(
                    name.Length == 0 ? versionName : $"{name}/{versionName}", "the API behind it does not respond"));
            }

            _resources.AddRange(
                from resource in ObjectFields.Objects(version, "resources")
                let kind = ObjectFields.Text(resource, "responseKind", "kind")
                where !string.IsNullOrEmpty(kind)
                select new ServedResource
                {
                    Name = new GroupResource(name, ObjectFields.Text(resource, "resource") ?? ""),
                    Version = versionName,
                    Kind = kind,
                    IsNamespaced = ObjectFields.Text(resource, "scope") == "Namespaced",
                    Singular = ObjectFields.Text(resource, "singularResource") ?? "",
                    ShortNames = [.. ObjectFields.Texts(resource, "shortNames")],
                    Verbs = [.. ObjectFields.Texts(resource, "verbs")],
                });
        }
    }

    /// <summary>The versions of a document of kind <c>APIVersions</c> or <c>APIGroupList</c>, preferred ones of a group
    /// first.</summary>
    private static IEnumerable<string> ApiVersions(JsonObject document) =>
        ObjectFields.Texts(document, "versions").Concat(
            from entry in ObjectFields.Objects(document, "groups")
            let preferred = ObjectFields.Text(entry, "preferredVersion", "groupVersion")
            from apiVersion in ObjectFields.Objects(entry, "versions")
                .Select(version => ObjectFields.Text(version, "groupVersion"))
                .OfType<string>()
                .OrderBy(version => version != preferred)
            select apiVersion);

    private async Task AddVersionAsync(string root, string apiVersion, CancellationToken cancellationToken)
    {
        JsonObject list;
        try
        {
            list = await client.ReadAsync($"{root}/{apiVersion}", "application/json", cancellationToken);
        }
        catch (ApiStatusException e)
        {
            _unlisted.Add(new UnlistedVersion(apiVersion, e.Message));
            return;
        }

        AddVersion(apiVersion, list);
    }

    /// <summary>Adds the resources of a document of kind <c>APIResourceList</c>.</summary>
    private void AddVersion(string apiVersion, JsonObject list)
    {
        GroupVersionKind version = new(apiVersion, "");
        _resources.AddRange(
            from resource in ObjectFields.Objects(list, "resources")
            let plural = ObjectFields.Text(resource, "name")
            where !string.IsNullOrEmpty(plural) && !plural.Contains('/', StringComparison.Ordinal)
            select new ServedResource
            {
                Name = new GroupResource(version.Group, plural),
                Version = version.Version,
                Kind = ObjectFields.Text(resource, "kind") ?? "",
                IsNamespaced = ObjectFields.Flag(resource, "namespaced") == true,
                Singular = ObjectFields.Text(resource, "singularName") ?? "",
                ShortNames = [.. ObjectFields.Texts(resource, "shortNames")],
                Verbs = [.. ObjectFields.Texts(resource, "verbs")],
            });
    }
}
