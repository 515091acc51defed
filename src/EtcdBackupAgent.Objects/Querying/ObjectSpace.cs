using System.Text.Json;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.KeySpaces;
using EtcdBackupAgent.Objects.CustomResources;
using EtcdBackupAgent.Objects.Keys;
using EtcdBackupAgent.Objects.Kinds;
using EtcdBackupAgent.Objects.Reading;
using EtcdBackupAgent.Objects.Selecting;
using EtcdBackupAgent.Snapshots.KeySpaces;

namespace EtcdBackupAgent.Objects.Querying;

/// <summary>The objects of an API server in a key space of etcd. One thread at a time may use it.</summary>
/// <remarks>
/// 1. Find the keys of the selected resources, in one pass over the database.
/// 2. For custom resources: read the definitions, which are of the same revision.
/// 3. Read each object, and leave out those whose labels are not selected.
/// </remarks>
/// <param name="keys">The keys.</param>
/// <param name="options">How objects are read. The definitions come from the key space.</param>
public sealed class ObjectSpace(KeySpace keys, ObjectReaderOptions options)
{
    private static readonly GroupResource DefinitionsName = new("apiextensions.k8s.io", "customresourcedefinitions");

    private readonly StorageKeys _places = new(options.Table, options.Prefixes);
    private readonly ResourceCatalog _builtIn = new(options.Table, []);
    private ResourceCatalog? _all;
    private Dictionary<GroupResource, CustomResourceDefinition> _definitions = [];

    /// <summary>Returns the resource that a word of a user names.</summary>
    /// <exception cref="BackupException">
    /// There is none; or the database is damaged.
    /// </exception>
    public KnownResource Resolve(string word, CancellationToken cancellationToken) =>
        _builtIn.Find(word) ?? All(cancellationToken).Require(word);

    /// <summary>Counts the objects of each resource, and the keys that are not objects.</summary>
    /// <exception cref="BackupException">The database is damaged.</exception>
    public ObjectCounts Count(CancellationToken cancellationToken)
    {
        SortedDictionary<string, long> resources = new(StringComparer.Ordinal);
        (long unknown, long serverData, long foreign) = (0, 0, 0);
        foreach (FoundKey key in keys.Find(_ => true, cancellationToken))
        {
            switch (_places.Read(key.Key.Span, out StorageKey? place))
            {
                case KeyContent.Object:
                    string name = place!.Resource.ToString();
                    resources[name] = resources.GetValueOrDefault(name) + 1;
                    break;
                case KeyContent.ServerData:
                    serverData++;
                    break;
                case KeyContent.Foreign:
                    foreign++;
                    break;
                default:
                    unknown++;
                    break;
            }
        }

        return new ObjectCounts(resources, unknown, serverData, foreign);
    }

    /// <summary>Reads the selected objects, in the order of their keys.</summary>
    /// <exception cref="BackupException">The database is damaged.</exception>
    public IEnumerable<FoundObject> Find(ObjectSelection selection, CancellationToken cancellationToken)
    {
        // 1
        Dictionary<GroupResource, KnownResource>? resources = selection.Resources?.ToDictionary(r => r.Name);
        IReadOnlyList<FoundKey> found = keys.Find(
            key => _places.Read(key, out StorageKey? place) == KeyContent.Object && IsSelected(place!),
            cancellationToken);

        // 2
        if (resources is null || resources.Values.Any(resource => resource.Definition is not null))
        {
            _ = All(cancellationToken);
        }

        // 3
        ObjectReader reader = new(options with { Definitions = _definitions });
        foreach (FoundKey key in found)
        {
            cancellationToken.ThrowIfCancellationRequested();
            FoundValue value = keys.ReadValue(key);
            StoredObject content = reader.Read(key.Key, value.Value, value.ModRevision);
            if (content.Place is { } place && (selection.Labels is null || HasLabels(content, selection.Labels)))
            {
                yield return new FoundObject(place, content, value.ModRevision, value.CreateRevision);
            }
        }

        bool IsSelected(StorageKey place) =>
            (resources is null || resources.ContainsKey(place.Resource))
            && (place.Namespace is null
                ? !selection.NamespacedOnly
                : selection.Namespace is null || place.Namespace == selection.Namespace)
            && (selection.Names.Count == 0 || selection.Names.Contains(place.Name))
            && selection.Fields?.Matches(place.Namespace, place.Name) != false;
    }

    /// <summary>Reads the selected objects. A name that no object has is an error.</summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.KubernetesObjectMissing"/>; or the database is damaged.
    /// </exception>
    public IEnumerable<FoundObject> FindNamed(ObjectSelection selection, CancellationToken cancellationToken)
    {
        HashSet<(GroupResource Resource, string Name)> missing =
        [
            .. (selection.Resources ?? []).SelectMany(
                resource => selection.Names.Select(name => (resource.Name, name))),
        ];
        foreach (FoundObject found in Find(selection, cancellationToken))
        {
            missing.Remove((found.Place.Resource, found.Place.Name));
            yield return found;
        }

        if (missing.Count > 0)
        {
            string names = string.Join(
                ", ",
                missing.GroupBy(one => one.Resource).Select(
                    ofKind => $"{ofKind.Key} '{string.Join("', '", ofKind.Select(one => one.Name))}'"));
            throw new BackupException(
                FailureReason.KubernetesObjectMissing,
                $"{names} not found in "
                + $"{(selection.Namespace is { } ns ? $"namespace {ns} of " : "")}{keys.Name}.")
            {
                Hint = "-A lists objects of all namespaces, and -n NAME those of another one.",
            };
        }
    }

    /// <summary>
    /// Whether an object has the labels. One that cannot be read is selected, so that it is not missed.
    /// </summary>
    private static bool HasLabels(StoredObject content, LabelSelector selector)
    {
        if (content.Json.IsEmpty)
        {
            return true;
        }

        using JsonDocument document = JsonDocument.Parse(content.Json);
        JsonElement labels = default;
        bool hasLabels = document.RootElement.TryGetProperty("metadata", out JsonElement metadata)
            && metadata.ValueKind == JsonValueKind.Object
            && metadata.TryGetProperty("labels", out labels)
            && labels.ValueKind == JsonValueKind.Object;
        return selector.Matches(name => hasLabels && labels.TryGetProperty(name, out JsonElement value)
            && value.ValueKind == JsonValueKind.String
                ? value.GetString()
                : null);
    }

    /// <summary>The built-in resources and those of the definitions in the key space.</summary>
    private ResourceCatalog All(CancellationToken cancellationToken)
    {
        if (_all is null)
        {
            ObjectReader reader = new(options with { MetadataOnly = false });
            IReadOnlyList<FoundKey> found = keys.Find(
                key => _places.Read(key, out StorageKey? place) == KeyContent.Object
                    && place!.Resource == DefinitionsName,
                cancellationToken);
            _definitions = found
                .Select(key => keys.ReadValue(key) is var value
                    ? reader.Read(key.Key, value.Value, value.ModRevision)
                    : null)
                .Where(read => read is { Json.IsEmpty: false })
                .Select(read => CustomResourceDefinition.Read((JsonObject)JsonNode.Parse(read!.Json.Span)!))
                .OfType<CustomResourceDefinition>()
                .ToDictionary(definition => definition.Name);
            _all = new ResourceCatalog(options.Table, _definitions.Values);
        }

        return _all;
    }
}
