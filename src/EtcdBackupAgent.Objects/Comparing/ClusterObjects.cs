using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Objects.Json;
using EtcdBackupAgent.Objects.Keys;
using EtcdBackupAgent.Objects.Kinds;
using EtcdBackupAgent.Objects.Querying;
using EtcdBackupAgent.Objects.Reading;
using EtcdBackupAgent.Objects.Tables;

namespace EtcdBackupAgent.Objects.Comparing;

/// <summary>The objects of a running cluster, as one side of a comparison.</summary>
/// <remarks>
/// 1. Find the resources that etcd stores: built-in ones, and those of the definitions in the cluster.
/// 2. In the order of their keys, list each in the version that the other side has, if it is served.
/// 3. A resource that may not be listed is left out on both sides.
/// </remarks>
/// <param name="live">The cluster.</param>
/// <param name="served">What its API server serves.</param>
/// <param name="selection">The selected objects.</param>
/// <param name="versionOf">
/// Returns the apiVersion in which the other side has the objects of a resource; null if it has none.
/// </param>
/// <param name="showsManagedFields">Whether the managed fields are kept.</param>
public sealed class ClusterObjects(
    ILiveObjects live,
    ServedResources served,
    ComparedSelection selection,
    Func<GroupResource, string?> versionOf,
    bool showsManagedFields) : IComparedObjects
{
    private static readonly GroupResource Definitions = new("apiextensions.k8s.io", "customresourcedefinitions");
    private static readonly GroupResource Namespaces = new("", "namespaces");

    private readonly StorageKeys _places = new(FieldTable.Kubernetes);
    private readonly SortedDictionary<string, string> _leftOut = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public string Name => live.Name;

    /// <inheritdoc/>
    public long? Revision => null;

    /// <summary>The resources that are left out, with the reasons.</summary>
    public IReadOnlyDictionary<string, string> LeftOut => _leftOut;

    /// <inheritdoc/>
    public async Task<string?> FindClusterUidAsync(CancellationToken cancellationToken) =>
        served.Preferred(Namespaces) is { } namespaces
            ? await ClusterUid.FindAsync(live, namespaces, cancellationToken)
            : null;

    /// <inheritdoc/>
    public bool LeavesOut(StorageKey place) => _leftOut.ContainsKey(place.Resource.ToString());

    /// <inheritdoc/>
    public async IAsyncEnumerable<ComparedObject> ReadAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // 1
        IReadOnlyList<GroupResource> resources = await StoredAsync(cancellationToken);
        foreach (GroupResource name in resources.OrderBy(PrefixOf, Utf8Order.Instance))
        {
            // 2
            string? version = versionOf(name);
            ServedResource? resource = served.VersionsOf(name).FirstOrDefault(one => one.ApiVersion == version)
                ?? served.Preferred(name);
            if (resource is null || !resource.Has("list"))
            {
                if (served.Unlisted.FirstOrDefault(
                    one => new GroupVersionKind(one.ApiVersion, "").Group == name.Group) is { } unlisted)
                {
                    _leftOut[name.ToString()] = unlisted.Reason;
                }

                continue;
            }

            await using IAsyncEnumerator<JsonObject> items =
                live.ListAsync(resource, Namespace, cancellationToken).GetAsyncEnumerator(cancellationToken);
            while (await TryMoveNextAsync(items, name))
            {
                if (Read(name, items.Current) is { } compared)
                {
                    yield return compared;
                }
            }
        }
    }

    /// <summary>The namespace, if all parts of the selection have the same one.</summary>
    private string? Namespace => selection.Parts.Select(part => part.Namespace).Distinct().ToArray() is [var only]
        ? only
        : null;

    private async Task<IReadOnlyList<GroupResource>> StoredAsync(CancellationToken cancellationToken)
    {
        if (selection.Resources is { } named)
        {
            return [.. named];
        }

        HashSet<string> prefixes = new(StringComparer.Ordinal);
        List<GroupResource> stored =
        [
            .. FieldTable.Kubernetes.Resources
                .Where(resource => prefixes.Add(resource.StoragePrefix) && !selection.Noise.IsLeftOut(resource.Name))
                .Select(resource => resource.Name),
        ];
        if (served.Preferred(Definitions) is { } definitions)
        {
            await using IAsyncEnumerator<JsonObject> items =
                live.ListAsync(definitions, null, cancellationToken).GetAsyncEnumerator(cancellationToken);
            while (await TryMoveNextAsync(items, Definitions))
            {
                if (items.Current["spec"] is JsonObject spec && spec["names"] is JsonObject names
                    && spec.Text("group") is { } group && names.Text("plural") is { } plural)
                {
                    stored.Add(new GroupResource(group, plural));
                }
            }
        }

        return stored;
    }

    /// <summary>Moves to the next object. Without the right to list them, there is none.</summary>
    private async ValueTask<bool> TryMoveNextAsync(IAsyncEnumerator<JsonObject> items, GroupResource resource)
    {
        try
        {
            return await items.MoveNextAsync();
        }
        catch (BackupException e) when (e.Reason == FailureReason.KubernetesDenied)
        {
            // 3
            _leftOut[resource.ToString()] = e.Message;
            return false;
        }
    }

    private ComparedObject? Read(GroupResource resource, JsonObject item)
    {
        if (item["metadata"] is not JsonObject metadata || metadata.Text("name") is not { } name)
        {
            return null;
        }

        StorageKey place = new(
            resource, metadata.Text("namespace") is { Length: > 0 } ns ? ns : null, name);
        if (!selection.Covers(place))
        {
            return null;
        }

        if (!showsManagedFields)
        {
            metadata.Remove("managedFields");
        }

        _ = long.TryParse(
            metadata.Text("resourceVersion"), NumberStyles.None, CultureInfo.InvariantCulture, out long revision);
        FoundObject found = new(
            place,
            new StoredObject
            {
                Outcome = ReadOutcome.Read,
                KeyContent = KeyContent.Object,
                Place = place,
                Kind = new GroupVersionKind(item.Text("apiVersion") ?? "", item.Text("kind") ?? ""),
                Json = PrintedJson.Bytes(item),
            },
            revision,
            CreateRevision: 0);
        byte[] key = Encoding.UTF8.GetBytes(_places.KeyOf(place));
        return new ComparedObject(_places.WithoutPrefix(key), revision, ValueDigest: null, () => found);
    }

    private string PrefixOf(GroupResource resource) => _places.KeyOf(new StorageKey(resource, null, ""));
}
