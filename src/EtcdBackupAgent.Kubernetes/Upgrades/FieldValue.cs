using System.Text.Json;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Objects.JsonPaths;
using EtcdBackupAgent.Objects.Modifying;
using YamlDotNet.Core;

namespace EtcdBackupAgent.Kubernetes.Upgrades;

/// <summary>The value of a watched field of an object, as text; or why it cannot be read.</summary>
/// <param name="Text">The value; null if it cannot be read.</param>
/// <param name="Problem">Why it cannot be read, as the second part of a sentence; null if it can.</param>
internal sealed record FieldValue(string? Text, string? Problem)
{
    /// <summary>The most characters of a value. A version has few; the value stands in a status, a name and a
    /// label.</summary>
    public const int LengthMax = 1024;

    /// <summary>Reads the field of an object.</summary>
    /// <remarks>
    /// 1. Follow the path to the field.
    /// 2. With an inner path: read the text there as YAML, and follow that path in it.
    /// 3. A text, a number, true or false is a value.
    /// </remarks>
    public static FieldValue Read(WatchedField watched, JsonObject item)
    {
        // 1
        using JsonDocument document = JsonDocument.Parse(item.ToJsonString());
        FieldValue found = Read(watched.Field, document.RootElement);
        if (found.Text is null || watched.Inner is not { } inner)
        {
            return Limited(watched.Field, found);
        }

        // 2
        JsonNode? yaml;
        try
        {
            yaml = YamlJson.Read(found.Text) is [var first, ..] ? first : null;
        }
        catch (YamlException e)
        {
            return new FieldValue(null, $"{watched.Field} is not YAML: {e.Message.TrimEnd('.')}");
        }

        using JsonDocument within = JsonDocument.Parse(yaml?.ToJsonString() ?? "null");
        return Limited(inner, Read(inner, within.RootElement));
    }

    private static FieldValue Read(string path, JsonElement root)
    {
        if (JsonPath.Parse(WithoutBraces(path)) is not { } steps)
        {
            return new FieldValue(null, $"{path} is not a path");
        }

        try
        {
            // 3
            return steps.Find(root) switch
            {
                [] => new FieldValue(null, $"it has no field {path}"),
                [{ ValueKind: JsonValueKind.String } text] => new FieldValue(text.GetString(), null),
                [{ ValueKind: JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False } one] =>
                    new FieldValue(one.GetRawText(), null),
                [{ ValueKind: JsonValueKind.Null }] => new FieldValue(null, $"it has no field {path}"),
                [var other] => new FieldValue(null, $"{path} is neither a text nor a number: {other.ValueKind}"),
                var several => new FieldValue(null, $"{path} leads to {several.Count} fields"),
            };
        }
        catch (JsonPathException e)
        {
            return new FieldValue(null, $"{path} does not fit it: {e.Message.TrimEnd('.')}");
        }
    }

    private static FieldValue Limited(string path, FieldValue found) => found.Text is { Length: > LengthMax } text
        ? new FieldValue(null, $"{path} has {text.Length} characters, and a value has at most {LengthMax}")
        : found;

    /// <summary>kubectl needs braces around a path, the columns of a definition have none.</summary>
    private static string WithoutBraces(string path) => path is ['{', .. var within, '}'] ? within : path;
}
