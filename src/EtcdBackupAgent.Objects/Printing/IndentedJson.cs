using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using EtcdBackupAgent.Objects.Json;

namespace EtcdBackupAgent.Objects.Printing;

/// <summary>
/// JSON as <c>kubectl get -o json</c> prints it: indented by four blanks, and with <c>&lt;</c>, <c>&gt;</c> and
/// <c>&amp;</c> escaped as Go does.
/// </summary>
/// <param name="output">Receives the text.</param>
internal sealed class IndentedJson(TextWriter output)
{
    private const string Indent = "    ";

    /// <summary>The characters that Go escapes in a string.</summary>
    private static readonly SearchValues<char> Escaped = SearchValues.Create(
        [.. Enumerable.Range(0, 0x20).Select(code => (char)code), '"', '\\', '<', '>', '&', '\u2028', '\u2029']);

    private bool _isAfterName;

    /// <summary>Writes one value.</summary>
    /// <param name="json">The value, as JSON.</param>
    /// <param name="level">The number of indents of the line that the value begins in.</param>
    public void Write(ReadOnlySpan<byte> json, int level)
    {
        Utf8JsonReader reader = new(json, new JsonReaderOptions { MaxDepth = PrintedJson.DepthMax });
        bool isFirst = true;
        while (reader.Read())
        {
            bool isEnd = reader.TokenType is JsonTokenType.EndObject or JsonTokenType.EndArray;
            if (isEnd)
            {
                level--;
                if (!isFirst)
                {
                    NewLine(level);
                }
            }
            else if (reader.CurrentDepth > 0 && !_isAfterName)
            {
                output.Write(isFirst ? "" : ",");
                NewLine(level);
            }

            _isAfterName = false;
            isFirst = false;
            switch (reader.TokenType)
            {
                case JsonTokenType.StartObject or JsonTokenType.StartArray:
                    output.Write(reader.TokenType == JsonTokenType.StartObject ? '{' : '[');
                    level++;
                    isFirst = true;
                    break;
                case JsonTokenType.EndObject or JsonTokenType.EndArray:
                    output.Write(reader.TokenType == JsonTokenType.EndObject ? '}' : ']');
                    break;
                case JsonTokenType.PropertyName:
                    WriteString(reader.GetString()!);
                    output.Write(": ");
                    _isAfterName = true;
                    break;
                case JsonTokenType.String:
                    WriteString(reader.GetString()!);
                    break;
                default:
                    output.Write(Encoding.UTF8.GetString(reader.ValueSpan));
                    break;
            }
        }
    }

    private void NewLine(int level)
    {
        output.Write('\n');
        for (int i = 0; i < level; i++)
        {
            output.Write(Indent);
        }
    }

    private void WriteString(ReadOnlySpan<char> text)
    {
        output.Write('"');
        for (int at; (at = text.IndexOfAny(Escaped)) >= 0; text = text[(at + 1)..])
        {
            output.Write(text[..at]);
            output.Write(text[at] switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\b' => "\\b",
                '\f' => "\\f",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                char other => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)other:x4}"),
            });
        }

        output.Write(text);
        output.Write('"');
    }
}
