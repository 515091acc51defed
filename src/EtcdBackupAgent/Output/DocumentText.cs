using System.Collections.Frozen;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

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

    /// <summary>Words that YAML 1.1 or 1.2 reads as something other than a string, in any case.</summary>
    private static readonly FrozenSet<string> YamlWords = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase, "null", "~", "true", "false", "yes", "no", "on", "off", "y", "n", "=", "<<");

    public static string Json(JsonNode document) => document.ToJsonString(Indented);

    public static string Yaml(JsonNode document)
    {
        using StringWriter text = new() { NewLine = "\n" };
        Emitter emitter = new(text);
        emitter.Emit(new StreamStart());
        emitter.Emit(new DocumentStart());
        Emit(emitter, document);
        emitter.Emit(new DocumentEnd(isImplicit: true));
        emitter.Emit(new StreamEnd());
        return text.ToString();
    }

    private static void Emit(Emitter emitter, JsonNode? node)
    {
        switch (node)
        {
            case JsonObject fields:
                emitter.Emit(new MappingStart());
                foreach ((string name, JsonNode? value) in fields)
                {
                    emitter.Emit(Text(name));
                    Emit(emitter, value);
                }

                emitter.Emit(new MappingEnd());
                break;
            case JsonArray items:
                emitter.Emit(new SequenceStart(AnchorName.Empty, TagName.Empty, isImplicit: true, SequenceStyle.Any));
                foreach (JsonNode? item in items)
                {
                    Emit(emitter, item);
                }

                emitter.Emit(new SequenceEnd());
                break;
            case JsonValue value when value.GetValueKind() == JsonValueKind.String:
                emitter.Emit(Text(value.GetValue<string>()));
                break;
            default:
                // Numbers, booleans and null have the same form in JSON and YAML.
                emitter.Emit(new Scalar(node?.ToJsonString() ?? "null"));
                break;
        }
    }

    /// <summary>
    /// A string, quoted if YAML could read it as something else. Every string that begins like a number is quoted, such
    /// as the snapshot ID <c>1e345678</c>. The emitter itself quotes strings with special characters.
    /// </summary>
    private static Scalar Text(string text) =>
        text is "" or [(>= '0' and <= '9') or '.' or '+' or '-', ..] || YamlWords.Contains(text)
            ? new Scalar(
                AnchorName.Empty,
                TagName.Empty,
                text,
                ScalarStyle.DoubleQuoted,
                isPlainImplicit: false,
                isQuotedImplicit: true)
            : new Scalar(text);
}
