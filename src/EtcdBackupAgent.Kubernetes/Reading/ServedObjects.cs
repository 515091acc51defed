using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.ObjectLines;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Objects.Comparing;
using EtcdBackupAgent.Objects.Keys;
using EtcdBackupAgent.Objects.Kinds;
using EtcdBackupAgent.Objects.Restoring;
using EtcdBackupAgent.Objects.Selecting;
using EtcdBackupAgent.Objects.Tables;

namespace EtcdBackupAgent.Kubernetes.Reading;

/// <summary>The selected objects of a cluster whose etcd is out of reach, read through its API server.</summary>
/// <remarks>
/// 1. Read what the server serves, and which resources are selected.
/// 2. Read the labels of the namespaces, if they decide.
/// 3. List the objects of namespaces.
/// 4. List the selected objects of the whole cluster.
/// 5. Read those that the objects of 3 need.
/// A resource that the identity may not list is left out with a warning, or is an error if its kind is named.
/// </remarks>
/// <param name="client">The client of the cluster.</param>
/// <param name="settings">What is selected.</param>
internal sealed class ServedObjects(KubernetesClient client, PolicyObjects settings) : IObjectSource
{
    private static readonly GroupResource NamespacesName = new("", "namespaces");

    /// <summary>Where etcd has the objects of the built-in resources.</summary>
    private static readonly Dictionary<GroupResource, string> Prefixes =
        FieldTable.Kubernetes.Resources.ToDictionary(one => one.Name, one => one.StoragePrefix);

    private readonly LiveObjects _live = new(client);
    private readonly StorageKeys _places = new(FieldTable.Kubernetes);
    private readonly Dictionary<string, JsonObject> _namespaces = new(StringComparer.Ordinal);
    private readonly HashSet<StorageKey> _needed = [];
    private readonly HashSet<StorageKey> _taken = [];
    private BackupException? _denied;
    private string? _moment;

    /// <inheritdoc/>
    public async Task<ApiCluster> IdentifyAsync(CancellationToken cancellationToken)
    {
        string endpoint = $"{client.Connection}";

        // An identity of a tenant may not read the UID; the URL distinguishes the cluster then.
        string? uid = await ClusterUid.FindAsync(_live, NamespacesResource, cancellationToken);
        return new ApiCluster
        {
            Id = ApiCluster.IdOf(uid, endpoint),
            Uid = uid,
            Endpoint = endpoint,
            Version = await _live.VersionAsync(cancellationToken),
            Revision = 0,
            Objects = 0,
        };
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ObjectPage> ReadAsync(
        Action<string> onWarning, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // 1
        ServedResources served = await _live.DiscoverAsync(cancellationToken);
        ServedResource[] stored = [.. Stored(served)];
        BackupSelection selection = BackupSelection.Of(settings, new ResourceCatalog(stored));
        foreach (UnlistedVersion unlisted in served.Unlisted)
        {
            onWarning($"Objects of {unlisted.ApiVersion} are left out: {unlisted.Reason.TrimEnd('.')}.");
        }

        // 2
        if (selection.NeedsNamespaceLabels)
        {
            await ReadNamespacesAsync(selection, cancellationToken);
        }

        // 3., 4.
        bool hasPage = false;
        foreach (ServedResource resource in stored.Where(selection.Lists).OrderBy(one => !one.IsNamespaced))
        {
            await foreach (ObjectPage page in ListAsync(resource, selection, onWarning, cancellationToken))
            {
                hasPage = true;
                yield return page;
            }
        }

        if (!hasPage && _denied is not null)
        {
            throw _denied;
        }

        // 5
        foreach (IGrouping<GroupResource, StorageKey> needed in Needed(selection))
        {
            if (stored.FirstOrDefault(one => one.Name == needed.Key) is { } resource
                && await FindAsync(resource, needed, onWarning, cancellationToken) is { Objects.Count: > 0 } found)
            {
                yield return found;
            }
        }
    }

    private static ServedResource NamespacesResource { get; } = new()
    {
        Name = NamespacesName,
        Version = "v1",
        Kind = "Namespace",
        IsNamespaced = false,
    };

    /// <summary>
    /// The resources that are stored and can be created again, each in the preferred version and under one name: events
    /// are served in two groups.
    /// </summary>
    private static IEnumerable<ServedResource> Stored(ServedResources served)
    {
        HashSet<string> seen = new(StringComparer.Ordinal);
        return served.All
            .Where(one => one.Has("list", "create", "delete"))
            .GroupBy(one => one.Name)
            .Select(versions => versions.First())
            .Where(one => Prefixes.ContainsKey(one.Name) || one.Name.Group.Contains('.', StringComparison.Ordinal))
            .Where(one => seen.Add(Prefixes.GetValueOrDefault(one.Name, one.Name.ToString())));
    }

    private async Task ReadNamespacesAsync(BackupSelection selection, CancellationToken cancellationToken)
    {
        if (selection.NamedNamespaces is { } named)
        {
            foreach (string name in named)
            {
                if (await _live.FindAsync(NamespacesResource, null, name, cancellationToken) is { } found)
                {
                    _namespaces[name] = found;
                }
            }

            return;
        }

        await foreach (JsonObject item in _live.ListAsync(NamespacesResource, null, cancellationToken))
        {
            _namespaces[ObjectMetadata.Name(item)] = item;
        }
    }

    /// <summary>Lists a resource in all namespaces, or in each of those that are named.</summary>
    private async IAsyncEnumerable<ObjectPage> ListAsync(
        ServedResource resource,
        BackupSelection selection,
        Action<string> onWarning,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (selection.NamedNamespaces is { } named && resource.Name == NamespacesName)
        {
            foreach (string name in named)
            {
                _needed.Add(new StorageKey(NamespacesName, null, name));
            }

            yield break;
        }

        string? moment = null;
        bool isOfOneMoment = true;
        foreach (string? ns in resource.IsNamespaced ? selection.NamedNamespaces ?? [null!] : [null!])
        {
            await using IAsyncEnumerator<LivePage> pages = _live
                .ListPagesAsync(resource, ns, moment, cancellationToken).GetAsyncEnumerator(cancellationToken);
            while (await TryMoveNextAsync(pages, resource, selection, onWarning))
            {
                moment ??= pages.Current.ResourceVersion;
                isOfOneMoment &= moment == pages.Current.ResourceVersion;
                _moment ??= moment;
                yield return PageOf(
                    resource,
                    pages.Current.ResourceVersion,
                    [.. pages.Current.Items.Where(item => IsSelected(resource, item, selection))]);
            }
        }

        if (!isOfOneMoment)
        {
            onWarning($"The objects of {resource.Name} are of two moments: etcd was compacted while they were read.");
        }
    }

    /// <summary>
    /// Moves to the next page. Without the right to list a resource that is not named, there is none.
    /// </summary>
    private async ValueTask<bool> TryMoveNextAsync(
        IAsyncEnumerator<LivePage> pages,
        ServedResource resource,
        BackupSelection selection,
        Action<string> onWarning)
    {
        try
        {
            return await pages.MoveNextAsync();
        }
        catch (BackupException e) when (
            e.Reason == FailureReason.KubernetesDenied && !selection.Names(resource.Name))
        {
            _denied ??= e;
            onWarning($"{resource.Name} are left out: {e.Message} {e.Hint}");
            return false;
        }
    }

    private bool IsSelected(ServedResource resource, JsonObject item, BackupSelection selection)
    {
        StorageKey place = PlaceOf(resource, item);
        if (!selection.Covers(place, label => ObjectMetadata.Label(item, label), LabelsOfNamespace))
        {
            return false;
        }

        if (place.Namespace is null)
        {
            _taken.Add(place);
        }
        else
        {
            _needed.UnionWith(
                RelatedObjects.Of(place, item, !Prefixes.ContainsKey(resource.Name))
                    .Select(related => related.Place)
                    .Where(selection.TakesNeeded));
        }

        return true;
    }

    private IEnumerable<IGrouping<GroupResource, StorageKey>> Needed(BackupSelection selection) => _needed
        .Where(place => !_taken.Contains(place) && selection.TakesNeeded(place))
        .OrderBy(place => _places.KeyOf(place), StringComparer.Ordinal)
        .GroupBy(place => place.Resource);

    /// <summary>
    /// Reads objects one by one. They are at least as new as the first list, so that its version holds for them.
    /// </summary>
    private async Task<ObjectPage?> FindAsync(
        ServedResource resource,
        IEnumerable<StorageKey> places,
        Action<string> onWarning,
        CancellationToken cancellationToken)
    {
        List<JsonObject> found = [];
        try
        {
            foreach (StorageKey place in places)
            {
                if (await _live.FindAsync(resource, null, place.Name, cancellationToken) is { } item)
                {
                    found.Add(item);
                }
            }
        }
        catch (BackupException e) when (e.Reason == FailureReason.KubernetesDenied)
        {
            onWarning($"{resource.Name} that selected objects need are left out: {e.Message} {e.Hint}");
        }

        return PageOf(resource, _moment ?? "", found);
    }

    private ObjectPage PageOf(ServedResource resource, string version, IReadOnlyList<JsonObject> items) => new(
        resource.Name.ToString(),
        resource.ApiVersion,
        long.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out long revision) ? revision : 0,
        [.. items.Select(item => new KeyedObject(_places.KeyOf(PlaceOf(resource, item)), item))]);

    private static StorageKey PlaceOf(ServedResource resource, JsonObject item) => new(
        resource.Name,
        ObjectMetadata.Namespace(item) is { Length: > 0 } ns ? ns : null,
        ObjectMetadata.Name(item));

    private Func<string, string?> LabelsOfNamespace(string name) =>
        _namespaces.TryGetValue(name, out JsonObject? found)
            ? label => ObjectMetadata.Label(found, label)
            : _ => null;
}
