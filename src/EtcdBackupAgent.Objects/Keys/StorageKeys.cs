using System.Text;
using EtcdBackupAgent.Objects.Kinds;
using EtcdBackupAgent.Objects.Tables;

namespace EtcdBackupAgent.Objects.Keys;

/// <summary>
/// Keys of etcd and the objects at them: <c>PREFIX/RESOURCE/[NAMESPACE/]NAME</c> for built-in resources, without the
/// group, and <c>PREFIX/GROUP/PLURAL/[NAMESPACE/]NAME</c> for custom resources. Rules and exceptions are in
/// docs/spec/objects.md.
/// </summary>
public sealed class StorageKeys
{
    /// <summary>The prefixes of Kubernetes and k3s, and of the two API servers of OpenShift.</summary>
    public static readonly IReadOnlyList<string> DefaultPrefixes = ["/registry", "/kubernetes.io", "/openshift.io"];

    /// <summary>
    /// The first segments of what a server keeps for itself. Their values are objects of built-in kinds, and are still
    /// no objects that the API shows. <c>health</c> is written by kine, the storage of k3s.
    /// </summary>
    private static readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> ServerData =
        new HashSet<string>(StringComparer.Ordinal) { "masterleases", "peerserverleases", "ranges", "health" }
            .GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>The segments after the prefix: at most two of the resource, the namespace and the name.</summary>
    private const int SegmentsMax = 4;

    /// <summary>Longer keys are decoded on the heap.</summary>
    private const int StackCharactersMax = 512;

    private readonly string[] _prefixes;
    private readonly byte[][] _prefixBytes;
    private readonly Dictionary<string, BuiltInResource>.AlternateLookup<ReadOnlySpan<char>> _byPrefix;
    private readonly Dictionary<GroupResource, BuiltInResource> _byName = [];

    /// <summary>Reads the keys of API servers.</summary>
    /// <param name="table">The built-in resources.</param>
    /// <param name="prefixes">The values of <c>--etcd-prefix</c>; null for <see cref="DefaultPrefixes"/>.</param>
    public StorageKeys(FieldTable table, IReadOnlyList<string>? prefixes = null)
    {
        // The API server adds the leading slash itself, and ignores one at the end.
        _prefixes = [.. (prefixes ?? DefaultPrefixes).Select(prefix => $"/{prefix.Trim('/')}")];
        _prefixBytes = [.. _prefixes.Select(Encoding.UTF8.GetBytes)];
        Dictionary<string, BuiltInResource> byPrefix = new(StringComparer.Ordinal);
        foreach (BuiltInResource resource in table.Resources)
        {
            byPrefix.TryAdd(resource.StoragePrefix, resource);
            _byName.Add(resource.Name, resource);
        }

        _byPrefix = byPrefix.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>Returns what a key is.</summary>
    /// <param name="key">The key in etcd.</param>
    /// <param name="place">The place of the object; null if the key is not one of an object.</param>
    public KeyContent Read(ReadOnlySpan<byte> key, out StorageKey? place)
    {
        place = null;
        Span<char> buffer =
            key.Length <= StackCharactersMax ? stackalloc char[StackCharactersMax] : new char[key.Length];
        ReadOnlySpan<char> text = buffer[..Encoding.UTF8.GetChars(key, buffer)];
        if (!TryRemovePrefix(ref text))
        {
            return KeyContent.Foreign;
        }

        Span<Range> ranges = stackalloc Range[SegmentsMax + 1];
        ranges = ranges[..text.Split(ranges, '/')];
        if (ServerData.Contains(text[ranges[0]]))
        {
            return KeyContent.ServerData;
        }

        place = ranges.Length > SegmentsMax || HasEmpty(ranges) ? null
            : ReadBuiltIn(text, ranges) ?? ReadCustom(text, ranges);
        return place is null ? KeyContent.UnknownResource : KeyContent.Object;
    }

    /// <summary>Returns the key of an object below the first prefix.</summary>
    public string KeyOf(StorageKey place)
    {
        string resource = _byName.TryGetValue(place.Resource, out BuiltInResource? builtIn)
            ? builtIn.StoragePrefix
            : $"{place.Resource.Group}/{place.Resource.Resource}";
        return place.Namespace is null
            ? $"{_prefixes[0]}/{resource}/{place.Name}"
            : $"{_prefixes[0]}/{resource}/{place.Namespace}/{place.Name}";
    }

    /// <summary>
    /// Returns the part of a key after the prefix: the order of objects that does not depend on the prefix.
    /// </summary>
    /// <param name="key">The key of an object.</param>
    public ReadOnlyMemory<byte> WithoutPrefix(ReadOnlyMemory<byte> key)
    {
        foreach (byte[] prefix in _prefixBytes)
        {
            if (key.Length > prefix.Length && key.Span[prefix.Length] == (byte)'/' && key.Span.StartsWith(prefix))
            {
                return key[prefix.Length..];
            }
        }

        return key;
    }

    private bool TryRemovePrefix(ref ReadOnlySpan<char> key)
    {
        foreach (string prefix in _prefixes)
        {
            if (key.Length > prefix.Length && key[prefix.Length] == '/' && key.StartsWith(prefix))
            {
                key = key[(prefix.Length + 1)..];
                return true;
            }
        }

        return false;
    }

    private static bool HasEmpty(ReadOnlySpan<Range> segments)
    {
        foreach (Range segment in segments)
        {
            if (segment.Start.Equals(segment.End))
            {
                return true;
            }
        }

        return false;
    }

    private StorageKey? ReadBuiltIn(ReadOnlySpan<char> text, ReadOnlySpan<Range> segments)
    {
        int used = 1;
        if (!_byPrefix.TryGetValue(text[segments[0]], out BuiltInResource? resource))
        {
            // 'services/specs' and 'apiextensions.k8s.io/customresourcedefinitions' have two segments.
            used = 2;
            if (segments.Length < used || !_byPrefix.TryGetValue(text[..segments[1].End], out resource))
            {
                return null;
            }
        }

        ReadOnlySpan<Range> rest = segments[used..];
        return (resource.IsNamespaced, rest.Length) switch
        {
            (true, 2) => new StorageKey(resource.Name, text[rest[0]].ToString(), text[rest[1]].ToString()),
            (false, 1) => new StorageKey(resource.Name, null, text[rest[0]].ToString()),
            _ => null,
        };
    }

    /// <summary>
    /// Reads the key of a custom resource. The name of a group contains a dot, and that of an object no slash, so the
    /// number of segments is the scope.
    /// </summary>
    private static StorageKey? ReadCustom(ReadOnlySpan<char> text, ReadOnlySpan<Range> segments)
    {
        if (segments.Length is not (3 or 4) || !text[segments[0]].Contains('.'))
        {
            return null;
        }

        GroupResource resource = new(text[segments[0]].ToString(), text[segments[1]].ToString());
        string? ns = segments.Length == 4 ? text[segments[2]].ToString() : null;
        return new StorageKey(resource, ns, text[segments[^1]].ToString());
    }
}
