using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Objects.Json;

namespace EtcdBackupAgent.Objects.Comparing;

/// <summary>Values as JSON on one line, with characters of all languages as they are.</summary>
internal static class JsonValues
{
    private static readonly JsonSerializerOptions Readable = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        MaxDepth = PrintedJson.DepthMax,
    };

    public static string Text(JsonNode? value) => value?.ToJsonString(Readable) ?? "null";

    public static string Text(string value) => Text(JsonValue.Create(value));
}
