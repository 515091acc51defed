using System.Text;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.KeySpaces;
using EtcdBackupAgent.Objects.Comparing;
using EtcdBackupAgent.Objects.CustomResources;
using EtcdBackupAgent.Objects.Json;
using EtcdBackupAgent.Objects.Keys;
using EtcdBackupAgent.Objects.Kinds;
using EtcdBackupAgent.Objects.Masking;
using EtcdBackupAgent.Objects.Reading;
using EtcdBackupAgent.Snapshots.KeySpaces;

namespace EtcdBackupAgent.Objects.Versions;

/// <summary>
/// The versions of one object, out of the changes of its key. Two versions at most are in memory.
/// </summary>
/// <remarks>
/// 1. Take the changes of the key, newest first.
/// 2. Read each version, a custom resource by its definition of that revision.
/// 3. Compare it with the version before it.
/// 4. Leave out what only changed noise.
/// </remarks>
/// <param name="history">The changes.</param>
/// <param name="place">The object.</param>
/// <param name="options">How objects are read. Definitions come from the history.</param>
/// <param name="noise">Is left out.</param>
public sealed class ObjectHistory(
    KeyHistory history, StorageKey place, ObjectReaderOptions options, Noise noise)
{
    private static readonly GroupResource DefinitionsName = new("apiextensions.k8s.io", "customresourcedefinitions");

    private readonly StorageKeys _places = new(options.Table, options.Prefixes);
    private readonly ObjectDifferences _differences = new(noise, options.ShowSecrets);
    private (KeyVersion? Definition, ObjectReader Reader)? _reader;

    /// <summary>The number of versions that were left out, because they changed only noise.</summary>
    public long LeftOut { get; private set; }

    /// <summary>
    /// Returns a filter of the keys that the versions of an object need: its own, and that of its definition.
    /// </summary>
    /// <param name="place">The object.</param>
    /// <param name="options">How keys are read.</param>
    public static KeyFilter Covers(StorageKey place, ObjectReaderOptions options)
    {
        StorageKeys places = new(options.Table, options.Prefixes);
        StorageKey definition = DefinitionOf(place);
        byte[] end = Encoding.UTF8.GetBytes($"/{place.Name}");
        byte[] definitionEnd = Encoding.UTF8.GetBytes($"/{definition.Name}");

        // Most keys end otherwise, and need not be read.
        return key => (key.EndsWith(end) || key.EndsWith(definitionEnd))
            && places.Read(key, out StorageKey? found) == KeyContent.Object
            && (found == place || found == definition);
    }

    /// <summary>Returns the versions in one history of a cluster, newest first.</summary>
    public IEnumerable<ObjectVersion> Of(KeyLine line)
    {
        // 1
        KeyVersion[] changes = [.. line.Versions.Where(version => PlaceOf(version) == place)];
        KeyVersion[] definitions = [.. line.Versions.Where(version => PlaceOf(version) == DefinitionOf(place))];
        StoredObject? current = null;
        for (int i = changes.Length - 1; i >= 0; i--)
        {
            // 2
            KeyVersion change = changes[i];
            int before = i - 1;
            while (before >= 0 && changes[before].IsDeletion)
            {
                before--;
            }

            StoredObject? content = change.IsDeletion ? null : current ?? Read(change, definitions);
            StoredObject? previous = before < 0 ? null : Read(changes[before], definitions);
            current = before == i - 1 ? previous : null;

            // 3
            ObjectVersion version = content is null
                ? new ObjectVersion { Kind = ObjectVersionKind.Deleted, Change = change }
                : Compare(change, content, i == 0 ? null : changes[i - 1], previous);

            // 4
            if (version is { Kind: ObjectVersionKind.Changed, Fields.Count: 0, Problem: null })
            {
                LeftOut++;
            }
            else
            {
                yield return version;
            }
        }
    }

    private ObjectVersion Compare(
        KeyVersion change, StoredObject content, KeyVersion? before, StoredObject? previous)
    {
        string? problem = content.Problem;
        IReadOnlyList<FieldChange> fields =
            previous is null ? [] : _differences.Between(previous, content, out problem);
        JsonNode? document = content.Json.IsEmpty ? null : PrintedJson.Node(content.Json.Span);
        JsonNode? previousDocument =
            previous is null or { Json.IsEmpty: true } ? null : PrintedJson.Node(previous.Json.Span);
        ObjectVersionKind kind = KindOf(change, before);
        return new ObjectVersion
        {
            Kind = kind,
            Change = change,

            // An object that was created again within a second can have the entry of the one before.
            Manager = FieldManager.Find(kind == ObjectVersionKind.Changed ? previousDocument : null, document),
            Fields = fields,
            Problem = problem,
            MissingBefore = MissingBefore(change, before),
            Json = document is JsonObject shown ? Shown(shown, content) : default,
        };
    }

    private static ObjectVersionKind KindOf(KeyVersion change, KeyVersion? before) =>
        before is { IsDeletion: false } && before.CreateRevision == change.CreateRevision ? ObjectVersionKind.Changed
            : before is not null ? ObjectVersionKind.Recreated
            : change.Version == 1 ? ObjectVersionKind.Created
            : ObjectVersionKind.FirstKnown;

    /// <summary>etcd counts the puts of a key since it was created.</summary>
    private static long MissingBefore(KeyVersion change, KeyVersion? before) =>
        before is { IsDeletion: false } && before.CreateRevision == change.CreateRevision
            ? change.Version - before.Version - 1
            : change.Version - 1;

    private ReadOnlyMemory<byte> Shown(JsonObject document, StoredObject content)
    {
        if (!noise.IncludesManagedFields && document["metadata"] is JsonObject metadata)
        {
            metadata.Remove("managedFields");
        }

        if (!options.ShowSecrets && content.Kind is { } type && SecretMask.Covers(type))
        {
            SecretMask.Apply(document);
        }

        return Encoding.UTF8.GetBytes(JsonValues.Text(document));
    }

    /// <summary>Reads a version in clear, with its managed fields.</summary>
    private StoredObject Read(KeyVersion version, KeyVersion[] definitions)
    {
        KeyVersion? definition = Array.FindLast(definitions, one => one.Revision <= version.Revision && !one.IsDeletion)
            ?? Array.Find(definitions, one => !one.IsDeletion);
        if (_reader is not { } reader || reader.Definition != definition)
        {
            _reader = reader = (definition, new ObjectReader(options with
            {
                ShowSecrets = true,
                ManagedFields = true,
                Definitions = definition is null ? options.Definitions : DefinitionsOf(definition),
            }));
        }

        return reader.Reader.Read(version.Key, history.ReadValue(version), version.Revision);
    }

    private Dictionary<GroupResource, CustomResourceDefinition> DefinitionsOf(KeyVersion version)
    {
        StoredObject read = new ObjectReader(options).Read(version.Key, history.ReadValue(version), version.Revision);
        return !read.Json.IsEmpty
            && PrintedJson.Node(read.Json.Span) is JsonObject document
            && CustomResourceDefinition.Read(document) is { } definition
                ? new Dictionary<GroupResource, CustomResourceDefinition> { [definition.Name] = definition }
                : [];
    }

    private StorageKey? PlaceOf(KeyVersion version)
    {
        _ = _places.Read(version.Key.Span, out StorageKey? found);
        return found;
    }

    private static StorageKey DefinitionOf(StorageKey place) => new(DefinitionsName, null, place.Resource.ToString());
}
