using System.Globalization;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace EtcdBackupAgent.Objects.Modifying;

/// <summary>
/// Turns YAML, and so JSON, into nodes. A plain scalar is a boolean, a number or null, as in YAML. Aliases are refused.
/// </summary>
public static class YamlJson
{
    private const int DepthMax = 64;

    /// <summary>Reads all documents of a text; empty ones are left out.</summary>
    /// <exception cref="YamlException">The text is not YAML, or is nested too deeply.</exception>
    public static IReadOnlyList<JsonNode> Read(string text)
    {
        Parser parser = new(new StringReader(text));
        List<JsonNode> documents = [];
        try
        {
            parser.Consume<StreamStart>();
            while (parser.TryConsume<DocumentStart>(out _))
            {
                if (ReadNode(parser, depth: 0) is { } document)
                {
                    documents.Add(document);
                }

                parser.Consume<DocumentEnd>();
            }
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or IndexOutOfRangeException)
        {
            // YamlDotNet's scanner throws these on some broken text.
            Mark end = parser.Current?.End ?? Mark.Empty;
            throw new YamlException(end, end, "the text after this position is broken or ends too early", e);
        }

        return documents;
    }

    private static JsonNode? ReadNode(Parser parser, int depth)
    {
        ParsingEvent start = parser.Current ?? throw new InvalidOperationException();
        if (depth > DepthMax)
        {
            throw new YamlException(start.Start, start.End, $"nested deeper than {DepthMax} levels");
        }

        if (parser.TryConsume<Scalar>(out Scalar? scalar))
        {
            return scalar.Style == ScalarStyle.Plain && scalar.Tag.IsEmpty
                ? Plain(scalar.Value)
                : JsonValue.Create(scalar.Value);
        }

        if (parser.TryConsume<SequenceStart>(out _))
        {
            JsonArray items = [];
            while (!parser.TryConsume<SequenceEnd>(out _))
            {
                items.Add(ReadNode(parser, depth + 1));
            }

            return items;
        }

        if (!parser.TryConsume<MappingStart>(out _))
        {
            throw new YamlException(start.Start, start.End, "aliases are not supported");
        }

        JsonObject fields = [];
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            Scalar name = parser.Consume<Scalar>();
            if (fields.ContainsKey(name.Value))
            {
                throw new YamlException(name.Start, name.End, $"'{name.Value}' is a duplicate");
            }

            fields.Add(name.Value, ReadNode(parser, depth + 1));
        }

        return fields;
    }

    private static JsonValue? Plain(string text) => text switch
    {
        "" or "~" or "null" or "Null" or "NULL" => null,
        "true" or "True" or "TRUE" => JsonValue.Create(true),
        "false" or "False" or "FALSE" => JsonValue.Create(false),
        _ when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long whole) =>
            JsonValue.Create(whole),
        _ when text.AsSpan().ContainsAnyInRange('0', '9') && double.TryParse(
            text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number) =>
            JsonValue.Create(number),
        _ => JsonValue.Create(text),
    };
}
