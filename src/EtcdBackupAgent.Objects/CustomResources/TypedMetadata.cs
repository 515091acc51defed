using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Objects.Json;
using EtcdBackupAgent.Objects.Tables;

namespace EtcdBackupAgent.Objects.CustomResources;

/// <summary>
/// Reads the metadata of a custom resource as an API server does: into the type that all kinds share. Unknown fields,
/// fields of another type and empty ones are gone afterwards.
/// </summary>
internal static class TypedMetadata
{
    private static readonly MessageType Type =
        FieldTable.Kubernetes.Message("k8s.io.apimachinery.pkg.apis.meta.v1.ObjectMeta");

    /// <summary>Returns the metadata with its known fields only. The result shares no node with it.</summary>
    public static JsonObject Read(JsonObject metadata)
    {
        JsonObject typed = [];
        foreach (Field field in Type.Fields)
        {
            try
            {
                Add(typed, field, metadata);
            }
            catch (FormatException)
            {
                // A server drops a field of metadata that has another type.
            }
        }

        return typed;
    }

    /// <summary>
    /// Reads the identity and the metadata of the objects that a schema marks as embedded, as those of whole objects.
    /// </summary>
    public static void ReadEmbedded(JsonNode? node, StructuralSchema? schema)
    {
        switch (node)
        {
            case JsonObject fields when schema is not null:
                foreach ((string name, JsonNode? value) in fields.ToArray())
                {
                    if (!schema.IsEmbeddedResource || !ReadIdentity(fields, name, value))
                    {
                        ReadEmbedded(value, schema.SchemaOf(name));
                    }
                }

                break;
            case JsonArray items:
                foreach (JsonNode? item in items)
                {
                    ReadEmbedded(item, schema?.Items);
                }

                break;
        }
    }

    /// <summary>Reads one field of an embedded object; false if it is an ordinary one.</summary>
    private static bool ReadIdentity(JsonObject fields, string name, JsonNode? value)
    {
        if (name == "metadata" && value is null or JsonObject)
        {
            fields[name] = Read(value as JsonObject ?? []);
            return true;
        }

        if (name is not ("apiVersion" or "kind") || JsonFields.TextOf(value) is not null)
        {
            return false;
        }

        fields.Remove(name);
        return true;
    }

    private static void Add(JsonObject typed, Field field, JsonObject source)
    {
        string name = field.Name.Value;
        JsonNode? value = source[name] is { } present ? Convert(field, present) : null;
        bool isEmpty = value is null or JsonArray { Count: 0 } || (value is JsonObject { Count: 0 } && field.IsNilable)
            || (field.Shape == FieldShape.Value && IsZero(value));
        if (!isEmpty)
        {
            typed[name] = value;
        }
        else if (!field.OmitEmpty)
        {
            typed[name] = Zero(field);
        }
    }

    private static bool IsZero(JsonNode value) => value.GetValueKind() switch
    {
        JsonValueKind.String => value.GetValue<string>().Length == 0,
        JsonValueKind.False => true,
        JsonValueKind.Number => value.ToJsonString() == "0",
        _ => false,
    };

    private static JsonNode? Zero(Field field) => field.IsNilable ? null : ZeroElement(field);

    private static JsonNode? ZeroElement(Field field) => field.Type switch
    {
        FieldType.Bool => false,
        FieldType.Int32 or FieldType.Int64 => 0,
        FieldType.Text => "",
        FieldType.Message => ConvertMessage(field.Message!, []),
        _ => null,
    };

    private static JsonNode? Convert(Field field, JsonNode value) => (field.Shape, value) switch
    {
        (FieldShape.List, JsonArray items) => new JsonArray(
            [.. items.Select(item => item is null ? ZeroElement(field) : ConvertElement(field, item))]),
        (FieldShape.Map, JsonObject fields) => new JsonObject(fields.Select(one => KeyValuePair.Create(
            one.Key, one.Value is null ? ZeroElement(field) : ConvertElement(field, one.Value)))),
        (FieldShape.List or FieldShape.Map, _) => throw new FormatException(),
        _ => ConvertElement(field, value),
    };

    private static JsonNode? ConvertElement(Field field, JsonNode value)
    {
        JsonValueKind kind = value.GetValueKind();
        bool isValid = field.Type switch
        {
            FieldType.Text or FieldType.Time => kind == JsonValueKind.String,
            FieldType.Bool => kind is JsonValueKind.True or JsonValueKind.False,
            FieldType.Int32 => value is JsonValue number && number.TryGetValue(out int _),
            FieldType.Int64 => value is JsonValue number && number.TryGetValue(out long _),
            FieldType.Message => kind == JsonValueKind.Object,
            _ => true,
        };
        if (!isValid)
        {
            throw new FormatException();
        }

        return field.Type switch
        {
            FieldType.Time => ConvertTime(value.GetValue<string>()),
            FieldType.Message => ConvertMessage(field.Message!, (JsonObject)value),
            _ => value.DeepClone(),
        };
    }

    private static JsonObject ConvertMessage(MessageType message, JsonObject value)
    {
        JsonObject typed = [];
        foreach (Field field in message.Fields)
        {
            Add(typed, field, value);
        }

        return typed;
    }

    private static string ConvertTime(string text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTimeOffset time)
            ? time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)
            : throw new FormatException();
}
