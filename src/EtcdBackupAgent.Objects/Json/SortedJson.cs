using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace EtcdBackupAgent.Objects.Json;

/// <summary>JSON as kubectl prints it: names sorted by their bytes, numbers as Go prints them.</summary>
internal static class SortedJson
{
    /// <summary>The nesting of an object; Kubernetes itself refuses more than 10,000.</summary>
    public const int DepthMax = 500;

    private static readonly JsonDocumentOptions Options =
        new() { MaxDepth = DepthMax, AllowDuplicateProperties = false };

    /// <summary>Writes a value that is encoded as JSON.</summary>
    /// <exception cref="JsonException">It is not JSON.</exception>
    public static void Write(Utf8JsonWriter writer, ReadOnlySpan<byte> json)
    {
        // JsonDocument reads memory, and a span of a larger value is none.
        byte[] copy = ArrayPool<byte>.Shared.Rent(json.Length);
        try
        {
            json.CopyTo(copy);
            using JsonDocument document = JsonDocument.Parse(copy.AsMemory(0, json.Length), Options);
            Write(writer, document.RootElement);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(copy);
        }
    }

    public static void Write(Utf8JsonWriter writer, JsonNode? node)
    {
        switch (node)
        {
            case JsonObject fields:
                writer.WriteStartObject();
                foreach ((string name, JsonNode? value) in fields.OrderBy(field => field.Key, Utf8Order.Instance))
                {
                    writer.WritePropertyName(name);
                    Write(writer, value);
                }

                writer.WriteEndObject();
                break;
            case JsonArray items:
                writer.WriteStartArray();
                foreach (JsonNode? item in items)
                {
                    Write(writer, item);
                }

                writer.WriteEndArray();
                break;
            case JsonValue value when value.TryGetValue(out JsonElement element):
                Write(writer, element);
                break;
            case null:
                writer.WriteNullValue();
                break;
            default:
                node.WriteTo(writer);
                break;
        }
    }

    /// <summary>Parses a document.</summary>
    /// <exception cref="JsonException">It is not JSON, or an object has a name twice.</exception>
    public static JsonNode? Parse(ReadOnlySpan<byte> json) => JsonNode.Parse(json, documentOptions: Options);

    private static void Write(Utf8JsonWriter writer, JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                WriteObject(writer, element);
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (JsonElement item in element.EnumerateArray())
                {
                    Write(writer, item);
                }

                writer.WriteEndArray();
                break;
            case JsonValueKind.Number:
                GoNumber.Write(writer, JsonMarshal.GetRawUtf8Value(element));
                break;
            default:
                element.WriteTo(writer);
                break;
        }
    }

    private static void WriteObject(Utf8JsonWriter writer, JsonElement element)
    {
        writer.WriteStartObject();
        List<JsonProperty> properties = [.. element.EnumerateObject()];
        properties.Sort((x, y) => Utf8Order.Instance.Compare(x.Name, y.Name));
        foreach (JsonProperty property in properties)
        {
            writer.WritePropertyName(property.Name);
            Write(writer, property.Value);
        }

        writer.WriteEndObject();
    }
}
