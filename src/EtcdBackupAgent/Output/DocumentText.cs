using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using YamlDotNet.Serialization;

namespace EtcdBackupAgent.Output;

/// <summary>Writes a result as a JSON or YAML document.</summary>
internal static class DocumentText
{
    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static readonly ISerializer YamlSerializer =
        new SerializerBuilder().WithQuotingNecessaryStrings(quoteYaml1_1Strings: true).Build();

    public static string Json(JsonNode document) => document.ToJsonString(Indented);

    public static string Yaml(JsonNode document) => YamlSerializer.Serialize(Plain(document)!);

    private static object? Plain(JsonNode? node) => node switch
    {
        null => null,
        JsonObject fields => fields.ToDictionary(f => f.Key, f => Plain(f.Value), StringComparer.Ordinal),
        JsonArray items => items.Select(Plain).ToList(),
        _ => Scalar(node.AsValue()),
    };

    private static object Scalar(JsonValue value) => value.GetValueKind() switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Number => value.TryGetValue(out long whole) ? whole : value.ToString(),
        _ => value.ToString(),
    };
}
