using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace EtcdBackupAgent.Objects.Json;

/// <summary>
/// The JSON of an object that was read: characters of all languages as they are, and as deep as an object can be. Every
/// verb writes and parses it with the same limit, so that an object that one verb reads, the others read too.
/// </summary>
internal static class PrintedJson
{
    /// <summary>The nesting: more than that of messages (<c>MessageDecoder.DepthMax</c>) and of JSON within them
    /// (<see cref="SortedJson.DepthMax"/>) together.</summary>
    public const int DepthMax = 1000;

    private static readonly JsonDocumentOptions Options = new() { MaxDepth = DepthMax };

    /// <summary>How it is written.</summary>
    public static JsonWriterOptions WriterOptions { get; } = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        MaxDepth = DepthMax,
    };

    /// <summary>Parses it for reading.</summary>
    public static JsonDocument Document(ReadOnlyMemory<byte> json) => JsonDocument.Parse(json, Options);

    /// <summary>Parses it for changes.</summary>
    public static JsonNode? Node(ReadOnlySpan<byte> json) => JsonNode.Parse(json, documentOptions: Options);

    /// <summary>Writes a document, with sorted names.</summary>
    public static byte[] Bytes(JsonNode document)
    {
        ArrayBufferWriter<byte> json = new();
        Write(document, json);
        return json.WrittenSpan.ToArray();
    }

    /// <summary>Appends a document to a buffer, with sorted names.</summary>
    public static void Write(JsonNode document, ArrayBufferWriter<byte> output)
    {
        using Utf8JsonWriter writer = new(output, WriterOptions);
        SortedJson.Write(writer, document);
    }
}
