using System.Runtime.CompilerServices;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Objects.Keys;
using EtcdBackupAgent.Objects.Kinds;
using EtcdBackupAgent.Objects.Querying;
using EtcdBackupAgent.Objects.Tables;
using EtcdBackupAgent.Snapshots.KeySpaces;

namespace EtcdBackupAgent.Objects.Comparing;

/// <summary>The objects of a snapshot, as one side of a comparison.</summary>
/// <param name="space">The objects. They must be read in clear.</param>
/// <param name="prefixes">The prefixes of the keys; null for the standard ones.</param>
/// <param name="selection">The selected ones.</param>
public sealed class SnapshotObjects(
    ObjectSpace space, IReadOnlyList<string>? prefixes, ComparedSelection selection) : IComparedObjects
{
    private static readonly StorageKey ClusterNamespace = new(new GroupResource("", "namespaces"), null, "kube-system");

    private readonly StorageKeys _places = new(FieldTable.Kubernetes, prefixes);
    private IReadOnlyList<FoundKey>? _keys;
    private Dictionary<GroupResource, FoundKey>? _first;

    /// <inheritdoc/>
    public string Name => space.Name;

    /// <inheritdoc/>
    public long? Revision => space.Revision;

    /// <inheritdoc/>
    public Task<string?> FindClusterUidAsync(CancellationToken cancellationToken)
    {
        FoundKey? key = Keys(cancellationToken).FirstOrDefault(one => PlaceOf(one) == ClusterNamespace);
        return Task.FromResult(key is null || space.Read(key) is not { } found ? null : ObjectUid.Of(found.Content));
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ComparedObject> ReadAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (selection.Resources is not { } named || named.Any(name => !IsBuiltIn(name)))
        {
            space.LoadDefinitions(cancellationToken);
        }

        foreach (FoundKey key in Keys(cancellationToken))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (PlaceOf(key) is { } place && selection.Covers(place))
            {
                yield return new ComparedObject(
                    _places.WithoutPrefix(key.Key), key.ModRevision, key.ValueDigest, () => space.Read(key));
            }
        }

        await Task.CompletedTask;
    }

    /// <inheritdoc/>
    public bool LeavesOut(StorageKey place) => false;

    /// <summary>
    /// Returns the version in which a resource is read, by its first object; null if there is none.
    /// </summary>
    /// <exception cref="BackupException">The database is damaged.</exception>
    public string? VersionOf(GroupResource resource)
    {
        if (_first is null)
        {
            _first = [];
            foreach (FoundKey key in _keys ?? [])
            {
                if (PlaceOf(key) is { } place)
                {
                    _first.TryAdd(place.Resource, key);
                }
            }
        }

        return _first.TryGetValue(resource, out FoundKey? first) ? space.Read(first)?.Content.Kind?.ApiVersion : null;
    }

    private static bool IsBuiltIn(GroupResource name) =>
        FieldTable.Kubernetes.Resources.Any(resource => resource.Name == name);

    private StorageKey? PlaceOf(FoundKey key)
    {
        _ = _places.Read(key.Key.Span, out StorageKey? place);
        return place;
    }

    /// <summary>Finds the keys of the selected objects and of the cluster's namespace, in one pass.</summary>
    private IReadOnlyList<FoundKey> Keys(CancellationToken cancellationToken) => _keys ??=
    [
        .. space.FindKeys(place => selection.Covers(place) || place == ClusterNamespace, cancellationToken)
            .OrderBy(key => key, Comparer<FoundKey>.Create((one, other) =>
                _places.WithoutPrefix(one.Key).Span.SequenceCompareTo(_places.WithoutPrefix(other.Key).Span))),
    ];
}
