using System.Buffers;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.KeySpaces;
using EtcdBackupAgent.Objects.CustomResources;
using EtcdBackupAgent.Objects.Json;
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
    private KeyedReader? _reader;

    /// <summary>The snapshot or the file, for messages.</summary>
    public string Name => keys.Name;

    /// <summary>The revision of etcd.</summary>
    public long Revision => keys.Revision;

    /// <summary>Returns the resource that a word of a user names.</summary>
    /// <exception cref="BackupException">
    /// There is none; or the database is damaged.
    /// </exception>
    public KnownResource Resolve(string word, CancellationToken cancellationToken) =>
        _builtIn.Find(word) ?? All(cancellationToken).Require(word);

    /// <summary>Returns the resource that a word of a user names; null if there is none.</summary>
    /// <exception cref="BackupException">The database is damaged.</exception>
    public KnownResource? Find(string word, CancellationToken cancellationToken) =>
        _builtIn.Find(word) ?? All(cancellationToken).Find(word);

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
        IReadOnlyList<FoundKey> found = FindKeys(selection.Covers, cancellationToken);

        // 2
        if (selection.Resources is null || selection.Resources.Any(resource => resource.Definition is not null))
        {
            LoadDefinitions(cancellationToken);
        }

        // 3
        return Read(found, cancellationToken).Where(item => selection.HasLabels(item.Content));
    }

    /// <summary>Finds the keys of objects, in the order of their bytes.</summary>
    /// <param name="isSelected">Selects them by their places.</param>
    /// <param name="cancellationToken">Cancels the search.</param>
    /// <exception cref="BackupException">The database is damaged.</exception>
    public IReadOnlyList<FoundKey> FindKeys(Func<StorageKey, bool> isSelected, CancellationToken cancellationToken) =>
        keys.Find(
            key => _places.Read(key, out StorageKey? place) == KeyContent.Object && isSelected(place!),
            cancellationToken);

    /// <summary>Reads the definitions, which custom resources need. Does nothing the second time.</summary>
    /// <exception cref="BackupException">The database is damaged.</exception>
    public void LoadDefinitions(CancellationToken cancellationToken) => _ = All(cancellationToken);

    /// <summary>Reads the object at a key; null if the key is not one of an object.</summary>
    /// <exception cref="BackupException">The database is damaged.</exception>
    public FoundObject? Read(FoundKey key) => (_reader ??= NewReader()).Read(key);

    /// <summary>Reads the objects whose places are selected, in the order of their keys.</summary>
    /// <exception cref="BackupException">The database is damaged.</exception>
    public IEnumerable<FoundObject> Find(Func<StorageKey, bool> isSelected, CancellationToken cancellationToken)
    {
        LoadDefinitions(cancellationToken);
        return Read(FindKeys(isSelected, cancellationToken), cancellationToken);
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

    private IEnumerable<FoundObject> Read(IReadOnlyList<FoundKey> found, CancellationToken cancellationToken) =>
        new OrderedReads(found, () => NewReader().Read).Read(cancellationToken).OfType<FoundObject>();

    private KeyedReader NewReader() => new(keys, new ObjectReader(options with { Definitions = _definitions }));

    /// <summary>The built-in resources and those of the definitions in the key space.</summary>
    private ResourceCatalog All(CancellationToken cancellationToken)
    {
        if (_all is null)
        {
            KeyedReader reader = new(keys, new ObjectReader(options with { MetadataOnly = false }));
            _definitions = FindKeys(place => place.Resource == DefinitionsName, cancellationToken)
                .Select(reader.Read)
                .OfType<FoundObject>()
                .Where(read => !read.Content.Json.IsEmpty)
                .Select(read => CustomResourceDefinition.Read((JsonObject)PrintedJson.Node(read.Content.Json.Span)!))
                .OfType<CustomResourceDefinition>()
                .ToDictionary(definition => definition.Name);
            _all = new ResourceCatalog(options.Table, _definitions.Values);
            _reader = null;
        }

        return _all;
    }

    /// <summary>Reads objects by their keys. One thread at a time may use it.</summary>
    private sealed class KeyedReader(KeySpace keys, ObjectReader reader)
    {
        private readonly ArrayBufferWriter<byte> _value = new();

        /// <summary>Reads the object at a key; null if the key is not one of an object.</summary>
        public FoundObject? Read(FoundKey key)
        {
            FoundValue value = keys.ReadValue(key, _value);
            StoredObject content = reader.Read(key.Key, value.Value, value.ModRevision);
            return content.Place is { } place
                ? new FoundObject(place, content, value.ModRevision, value.CreateRevision)
                : null;
        }
    }
}
