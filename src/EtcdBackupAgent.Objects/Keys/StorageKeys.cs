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
    private static readonly string[] ServerData = ["masterleases", "peerserverleases", "ranges", "health"];

    private readonly string[] _prefixes;
    private readonly byte[][] _prefixBytes;
    private readonly Dictionary<string, BuiltInResource> _byPrefix = new(StringComparer.Ordinal);
    private readonly Dictionary<GroupResource, BuiltInResource> _byName = [];

    /// <summary>Reads the keys of API servers.</summary>
    /// <param name="table">The built-in resources.</param>
    /// <param name="prefixes">The values of <c>--etcd-prefix</c>; null for <see cref="DefaultPrefixes"/>.</param>
    public StorageKeys(FieldTable table, IReadOnlyList<string>? prefixes = null)
    {
        // The API server adds the leading slash itself, and ignores one at the end.
        _prefixes = [.. (prefixes ?? DefaultPrefixes).Select(prefix => $"/{prefix.Trim('/')}")];
        _prefixBytes = [.. _prefixes.Select(Encoding.UTF8.GetBytes)];
        foreach (BuiltInResource resource in table.Resources)
        {
            _byPrefix.TryAdd(resource.StoragePrefix, resource);
            _byName.Add(resource.Name, resource);
        }
    }

    /// <summary>Returns what a key is.</summary>
    /// <param name="key">The key in etcd.</param>
    /// <param name="place">The place of the object; null if the key is not one of an object.</param>
    public KeyContent Read(ReadOnlySpan<byte> key, out StorageKey? place)
    {
        place = null;
        string text = Encoding.UTF8.GetString(key);
        string? prefix = Array.Find(_prefixes, one => IsBelow(text, one));
        if (prefix is null)
        {
            return KeyContent.Foreign;
        }

        string[] segments = text[(prefix.Length + 1)..].Split('/');
        if (Array.IndexOf(ServerData, segments[0]) >= 0)
        {
            return KeyContent.ServerData;
        }

        place = segments.Contains("") ? null : ReadBuiltIn(segments) ?? ReadCustom(segments);
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

    private static bool IsBelow(string key, string prefix) =>
        key.Length > prefix.Length && key[prefix.Length] == '/' && key.StartsWith(prefix, StringComparison.Ordinal);

    private StorageKey? ReadBuiltIn(string[] segments)
    {
        int used = 1;
        if (!_byPrefix.TryGetValue(segments[0], out BuiltInResource? resource))
        {
            // 'services/specs' and 'apiextensions.k8s.io/customresourcedefinitions' have two segments.
            used = 2;
            if (segments.Length < used || !_byPrefix.TryGetValue($"{segments[0]}/{segments[1]}", out resource))
            {
                return null;
            }
        }

        string[] rest = segments[used..];
        return (resource.IsNamespaced, rest) switch
        {
            (true, [string ns, string name]) => new StorageKey(resource.Name, ns, name),
            (false, [string name]) => new StorageKey(resource.Name, null, name),
            _ => null,
        };
    }

    /// <summary>
    /// Reads the key of a custom resource. The name of a group contains a dot, and that of an object no slash, so the
    /// number of segments is the scope.
    /// </summary>
    private static StorageKey? ReadCustom(string[] segments) => segments switch
    {
        [string group, string plural, string ns, string name] when group.Contains('.', StringComparison.Ordinal) =>
            new StorageKey(new GroupResource(group, plural), ns, name),
        [string group, string plural, string name] when group.Contains('.', StringComparison.Ordinal) =>
            new StorageKey(new GroupResource(group, plural), null, name),
        _ => null,
    };
}
