using System.Text.Json;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Objects.Json;

namespace EtcdBackupAgent.Objects.CustomResources;

/// <summary>
/// The part of an OpenAPI schema that changes objects when they are read: which fields there are, and their defaults.
/// Source: https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/
/// Several threads may use it.
/// </summary>
internal sealed class StructuralSchema
{
    private Dictionary<string, StructuralSchema> _properties = new(StringComparer.Ordinal);

    /// <summary>The default as JSON; null for none. Unlike a node, several threads can read it.</summary>
    private byte[]? _default;

    /// <summary>The schema of the whole object: its apiVersion, kind and metadata are not in a schema.</summary>
    public static StructuralSchema EmptyRoot { get; } = new() { IsEmbeddedResource = true };

    public IReadOnlyDictionary<string, StructuralSchema> Properties => _properties;

    /// <summary>Other names than those of the properties are allowed, with the schema of their values.</summary>
    public bool HasAdditionalProperties { get; private init; }

    public StructuralSchema? AdditionalProperties { get; private init; }

    public StructuralSchema? Items { get; private init; }

    /// <summary>Whether a field that is absent gets a value.</summary>
    public bool HasDefault => _default is not null;

    public bool IsNullable { get; private init; }

    public bool PreservesUnknownFields { get; private init; }

    public bool IsEmbeddedResource { get; private init; }

    /// <summary>Reads a schema. The defaults have no fields that the schema does not have.</summary>
    public static StructuralSchema Read(JsonObject schema)
    {
        StructuralSchema read = new()
        {
            HasAdditionalProperties = schema["additionalProperties"] is not null,
            AdditionalProperties = Inner(schema["additionalProperties"]),
            Items = Inner(schema["items"]),
            IsNullable = schema.IsTrue("nullable"),
            PreservesUnknownFields = schema.IsTrue("x-kubernetes-preserve-unknown-fields"),
            IsEmbeddedResource = schema.IsTrue("x-kubernetes-embedded-resource"),
        };
        foreach ((string name, JsonNode? property) in schema["properties"] as JsonObject ?? [])
        {
            if (property is JsonObject inner)
            {
                read._properties[name] = Read(inner);
            }
        }

        JsonNode? value = schema["default"]?.DeepClone();
        TypedMetadata.ReadEmbedded(value, read);
        SchemaPruning.Prune(value, read);
        read._default = value is null ? null : PrintedJson.Bytes(value);
        return read;
    }

    /// <summary>Returns the schema of the whole object with these fields.</summary>
    public StructuralSchema AsRoot() => IsEmbeddedResource
        ? this
        : new StructuralSchema
        {
            _properties = _properties,
            HasAdditionalProperties = HasAdditionalProperties,
            AdditionalProperties = AdditionalProperties,
            Items = Items,
            _default = _default,
            IsNullable = IsNullable,
            PreservesUnknownFields = PreservesUnknownFields,
            IsEmbeddedResource = true,
        };

    /// <summary>Returns the schema of a field; null if there is none.</summary>
    public StructuralSchema? SchemaOf(string field) =>
        _properties.TryGetValue(field, out StructuralSchema? property) ? property : AdditionalProperties;

    /// <summary>Returns the value of a field that is absent; null if it gets none.</summary>
    public JsonNode? NewDefault() => _default is null ? null : PrintedJson.Node(_default);

    /// <summary>True for a null where the schema wants a value.</summary>
    public bool Refuses(JsonNode? value) => value is null && !IsNullable;

    private static StructuralSchema? Inner(JsonNode? node) =>
        node is not JsonObject schema || schema.GetValueKind() != JsonValueKind.Object ? null : Read(schema);
}
