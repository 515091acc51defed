using System.Text.Json.Nodes;
using EtcdBackupAgent.Objects.Json;
using EtcdBackupAgent.Objects.Keys;
using EtcdBackupAgent.Objects.Kinds;

namespace EtcdBackupAgent.Objects.Restoring;

/// <summary>
/// Restores the objects of one namespace into another. Changed are the namespace of an object, the name of the
/// Namespace itself, and the fields that refer to a namespace by its name: subjects of role bindings, the claim of a
/// volume, the services of webhooks, of API services and of conversions. Text inside of values stays.
/// </summary>
public sealed class NamespaceMap(IReadOnlyDictionary<string, string> map)
{
    /// <summary>Everything stays in its namespace.</summary>
    public static readonly NamespaceMap None = new(new Dictionary<string, string>(StringComparer.Ordinal));

    private static readonly GroupResource Namespaces = new("", "namespaces");

    /// <summary>The namespaces that are mapped.</summary>
    public IEnumerable<string> Sources => map.Keys;

    /// <summary>Returns where a namespace is restored.</summary>
    public string Of(string ns) => map.GetValueOrDefault(ns, ns);

    /// <summary>Returns where an object is restored.</summary>
    public StorageKey Of(StorageKey place) => place.Resource == Namespaces
        ? place with { Name = Of(place.Name) }
        : place with { Namespace = place.Namespace is { } ns ? Of(ns) : null };

    /// <summary>Changes an object to the place where it is restored.</summary>
    public void Apply(StorageKey place, JsonObject item)
    {
        if (map.Count == 0)
        {
            return;
        }

        StorageKey target = Of(place);
        if (item["metadata"] is JsonObject metadata)
        {
            metadata["name"] = target.Name;
            Replace(metadata, "namespace");
        }

        foreach (JsonObject subject in item.Items("subjects").OfType<JsonObject>())
        {
            Replace(subject, "namespace");
            ReplaceUser(subject);
        }

        IEnumerable<JsonObject?> references =
        [
            item.Inner("spec", "claimRef"),
            item.Inner("spec", "service"),
            item.Inner("spec", "conversion", "webhook", "clientConfig", "service"),
            .. item.Items("webhooks").OfType<JsonObject>().Select(hook => hook.Inner("clientConfig", "service")),
        ];
        foreach (JsonObject reference in references.OfType<JsonObject>())
        {
            Replace(reference, "namespace");
        }
    }

    private void Replace(JsonObject fields, string name)
    {
        if (fields.Text(name) is { } ns && map.TryGetValue(ns, out string? target))
        {
            fields[name] = target;
        }
    }

    /// <summary>A subject may be a service account in the form of a user or of a group.</summary>
    private void ReplaceUser(JsonObject subject)
    {
        string[] parts = (subject.Text("name") ?? "").Split(':');
        if (parts is ["system", "serviceaccount" or "serviceaccounts", var ns, ..]
            && subject.Text("kind") is "User" or "Group"
            && map.TryGetValue(ns, out string? target))
        {
            parts[2] = target;
            subject["name"] = string.Join(':', parts);
        }
    }
}
