using System.Text.Json;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Resources.Yaml;

namespace EtcdBackupAgent.Kubernetes.Reading;

/// <summary>Turns the JSON of a cluster's objects into the nodes that the binder reads, so that an object and a file
/// give the same message for the same error. The position of every part is the object's own name: JSON from a server
/// has no line numbers.</summary>
internal static class ClusterDocument
{
    /// <summary>Returns the node of an object, with the kind and the version, which the items of a list do not
    /// contain.</summary>
    public static MappingNode Of(ResourceKind kind, JsonObject item)
    {
        string where = $"{kind.Kind} {ObjectMetadata.Namespace(item)}/{ObjectMetadata.Name(item)}";
        Dictionary<string, ResourceNode> fields = new(StringComparer.Ordinal)
        {
            ["apiVersion"] = Text(where, kind.ApiVersion),
            ["kind"] = Text(where, kind.Kind),
        };
        foreach ((string name, JsonNode? value) in item)
        {
            fields.TryAdd(name, Node(where, value));
        }

        return Mapping(where, fields);
    }

    private static ResourceNode Node(string where, JsonNode? value) => value switch
    {
        null => new ScalarNode(where, "", ScalarType.Null),
        JsonObject mapping => Mapping(
            where, mapping.ToDictionary(field => field.Key, field => Node(where, field.Value), StringComparer.Ordinal)),
        JsonArray list => Sequence(where, [.. list.Select(item => Node(where, item))]),
        _ => value.GetValueKind() switch
        {
            JsonValueKind.String => Text(where, value.GetValue<string>()),
            JsonValueKind.Number => new ScalarNode(where, value.ToJsonString(), ScalarType.Number),
            _ => new ScalarNode(where, value.ToJsonString(), ScalarType.Boolean),
        },
    };

    private static MappingNode Mapping(string where, Dictionary<string, ResourceNode> fields) =>
        new(where, 1 + fields.Values.Sum(field => field.Size), fields);

    private static SequenceNode Sequence(string where, List<ResourceNode> items) =>
        new(where, 1 + items.Sum(item => item.Size), items);

    private static ScalarNode Text(string where, string text) => new(where, text, ScalarType.Text);
}
