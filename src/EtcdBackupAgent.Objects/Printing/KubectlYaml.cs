using System.Collections.Frozen;
using System.Text.Json;
using System.Text.RegularExpressions;
using EtcdBackupAgent.Objects.Json;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace EtcdBackupAgent.Objects.Printing;

/// <summary>YAML as <c>kubectl get -o yaml</c> prints it.</summary>
internal sealed partial class KubectlYaml
{
    /// <summary>A longer line is broken at the next blank.</summary>
    private const int BestWidth = 80;

    /// <summary>Words that YAML 1.1 reads as something other than a string.</summary>
    private static readonly FrozenSet<string> Words = FrozenSet.Create(
        StringComparer.Ordinal,
        "", "~", "null", "Null", "NULL", "<<",
        "true", "True", "TRUE", "false", "False", "FALSE",
        "y", "Y", "yes", "Yes", "YES", "on", "On", "ON",
        "n", "N", "no", "No", "NO", "off", "Off", "OFF",
        ".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF");

    private readonly Emitter _emitter;

    /// <param name="output">Receives the document.</param>
    public KubectlYaml(TextWriter output)
    {
        _emitter = new Emitter(output, new EmitterSettings().WithBestWidth(BestWidth));
        _emitter.Emit(new StreamStart());
        _emitter.Emit(new DocumentStart(version: null, tags: null, isImplicit: true));
    }

    /// <summary>Ends the document.</summary>
    public void End()
    {
        _emitter.Emit(new DocumentEnd(isImplicit: true));
        _emitter.Emit(new StreamEnd());
    }

    /// <summary>Begins a mapping.</summary>
    public void StartMapping() => _emitter.Emit(new MappingStart());

    /// <summary>Ends a mapping.</summary>
    public void EndMapping() => _emitter.Emit(new MappingEnd());

    /// <summary>Begins a list.</summary>
    public void StartList() => _emitter.Emit(
        new SequenceStart(AnchorName.Empty, TagName.Empty, isImplicit: true, SequenceStyle.Block));

    /// <summary>Ends a list.</summary>
    public void EndList() => _emitter.Emit(new SequenceEnd());

    /// <summary>Writes a string or the name of a field.</summary>
    public void Write(string text) => _emitter.Emit(Text(text));

    /// <summary>Writes a value that is encoded as JSON.</summary>
    public void Write(ReadOnlyMemory<byte> json)
    {
        using JsonDocument document = PrintedJson.Document(json);
        Write(document.RootElement);
    }

    private void Write(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                _emitter.Emit(element.EnumerateObject().Any()
                    ? new MappingStart()
                    : new MappingStart(AnchorName.Empty, TagName.Empty, isImplicit: true, MappingStyle.Flow));
                foreach (JsonProperty field in element.EnumerateObject())
                {
                    Write(field.Name);
                    Write(field.Value);
                }

                EndMapping();
                break;
            case JsonValueKind.Array:
                _emitter.Emit(new SequenceStart(
                    AnchorName.Empty,
                    TagName.Empty,
                    isImplicit: true,
                    element.GetArrayLength() == 0 ? SequenceStyle.Flow : SequenceStyle.Block));
                foreach (JsonElement item in element.EnumerateArray())
                {
                    Write(item);
                }

                EndList();
                break;
            case JsonValueKind.String:
                Write(element.GetString()!);
                break;
            default:
                _emitter.Emit(new Scalar(element.GetRawText()));
                break;
        }
    }

    /// <summary>
    /// A string in the style of kubectl: with line feeds as a block; quoted if it would be read as something else; the
    /// emitter itself quotes a string with special characters.
    /// </summary>
    private static Scalar Text(string text) =>
        IsReadAsOther(text) ? Styled(text, ScalarStyle.DoubleQuoted)
        : text.Contains('\n', StringComparison.Ordinal) ? Styled(text, ScalarStyle.Literal)
        : new Scalar(text);

    private static Scalar Styled(string text, ScalarStyle style) => new(
        AnchorName.Empty, TagName.Empty, text, style, isPlainImplicit: false, isQuotedImplicit: true);

    private static bool IsReadAsOther(string text) => Words.Contains(text)
        || Number().IsMatch(text)
        || Time().IsMatch(text)
        || (text.Contains(':', StringComparison.Ordinal) && Base60().IsMatch(text));

    /// <summary>
    /// What YAML 1.1 reads as a number: decimal with or without underscores, binary, octal, hexadecimal.
    /// </summary>
    [GeneratedRegex(
        @"^[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|\.[0-9]+(?:[eE][-+]?[0-9]+)?"
        + @"|[0-9][0-9_]*(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?)\z",
        RegexOptions.ExplicitCapture,
        1000)]
    private static partial Regex Number();

    /// <summary>A date, or a date with a time.</summary>
    [GeneratedRegex(
        @"^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt ][0-9: .]+(?:Z|[-+][0-9:]+)?)?\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Time();

    /// <summary>A number with the base 60, such as a time of day.</summary>
    [GeneratedRegex(
        @"^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Base60();
}
