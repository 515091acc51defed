using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace EtcdBackupAgent.Objects.Comparing;

/// <summary>Values as JSON on one line, with characters of all languages as they are.</summary>
internal static class JsonValues
{
    private static readonly JsonSerializerOptions Readable = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        MaxDepth = 1000,
    };

    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = 1000 };

    /// <summary>Parses a document of any depth that an object can have.</summary>
    public static JsonNode? Parse(ReadOnlyMemory<byte> json) => JsonNode.Parse(json.Span, documentOptions: Deep);

    public static string Text(JsonNode? value) => value?.ToJsonString(Readable) ?? "null";

    public static string Text(string value) => Text(JsonValue.Create(value));

    /// <summary>The text of a value that is one; null for any other value.</summary>
    public static string? StringOf(JsonNode? value) =>
        value is JsonValue one && one.GetValueKind() == JsonValueKind.String ? one.GetValue<string>() : null;
}
