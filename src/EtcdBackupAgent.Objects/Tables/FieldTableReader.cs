using System.Globalization;
using System.Text.Json;
using EtcdBackupAgent.Objects.Kinds;

namespace EtcdBackupAgent.Objects.Tables;

/// <summary>Reads the text of a field table: one line for each resource, kind, message and field.</summary>
internal sealed class FieldTableReader
{
    private const string FirstLine = "field-table 1 kubernetes ";

    private readonly List<BuiltInResource> _resources = [];
    private readonly List<(GroupVersionKind Kind, string Message)> _kinds = [];
    private readonly Dictionary<string, MessageType> _messages = new(StringComparer.Ordinal);

    /// <summary>The fields of messages, which may stand before their message.</summary>
    private readonly List<(Field Field, string Message)> _references = [];

    private string? _message;
    private List<Field> _fields = [];

    /// <summary>Reads a table.</summary>
    /// <exception cref="InvalidDataException">It is not a table of this format.</exception>
    public static FieldTable Read(TextReader text)
    {
        string first = text.ReadLine() ?? "";
        if (!first.StartsWith(FirstLine, StringComparison.Ordinal))
        {
            throw new InvalidDataException($"the field table begins with '{first}', not with '{FirstLine}'");
        }

        FieldTableReader reader = new();
        while (text.ReadLine() is { } line)
        {
            reader.ReadLine(line);
        }

        reader.EndMessage();
        return reader.Connect(first[FirstLine.Length..]);
    }

    private void ReadLine(string line)
    {
        string[] words = line.Split(' ');
        switch (words)
        {
            case ["resource", string plural, string group, string kind, string scope, string shortNames, string prefix]:
                _resources.Add(new BuiltInResource(
                    new GroupResource(Undash(group), plural),
                    kind,
                    scope == "namespaced",
                    shortNames == "-" ? [] : shortNames.Split(','),
                    prefix));
                break;
            case ["kind", string apiVersion, string kind, string message]:
                _kinds.Add((new GroupVersionKind(apiVersion, kind), message));
                break;
            case ["message", string name]:
                EndMessage();
                _message = name;
                break;
            case [string number, string name, string type, .. string[] flags]
                when _message is not null && int.TryParse(number, CultureInfo.InvariantCulture, out int parsed):
                _fields.Add(ReadField(parsed, Undash(name), type, flags));
                break;
            default:
                throw new InvalidDataException($"the field table has an unknown line: '{line}'");
        }
    }

    private Field ReadField(int number, string name, string type, string[] flags)
    {
        (FieldShape shape, string element) = type switch
        {
            ['*', .. string rest] => (FieldShape.Pointer, rest),
            ['[', ']', .. string rest] => (FieldShape.List, rest),
            ['m', 'a', 'p', ':', .. string rest] => (FieldShape.Map, rest),
            _ => (FieldShape.Value, type),
        };
        Field field = new()
        {
            Number = number,
            Name = JsonEncodedText.Encode(name),
            Shape = shape,
            Type = TypeOf(element),
            OmitEmpty = flags.Contains("omitempty"),
            OmitZero = flags.Contains("omitzero"),
            IsInlined = flags.Contains("inline"),
        };
        if (field.Type == FieldType.Message)
        {
            _references.Add((field, element));
        }

        return field;
    }

    private static FieldType TypeOf(string name) => name switch
    {
        "bool" => FieldType.Bool,
        "int32" => FieldType.Int32,
        "int64" => FieldType.Int64,
        "string" => FieldType.Text,
        "bytes" => FieldType.Bytes,
        "texts" => FieldType.Texts,
        "time" => FieldType.Time,
        "microTime" => FieldType.MicroTime,
        "quantity" => FieldType.Quantity,
        "intOrString" => FieldType.IntOrString,
        "json" => FieldType.Json,
        _ => FieldType.Message,
    };

    private void EndMessage()
    {
        if (_message is not null)
        {
            _messages.Add(_message, new MessageType(_message, _fields));
            _fields = [];
        }
    }

    private FieldTable Connect(string version)
    {
        foreach ((Field field, string message) in _references)
        {
            field.Message = Find(message);
        }

        return new FieldTable(
            version, _resources, _kinds.ToDictionary(one => one.Kind, one => Find(one.Message)), _messages);
    }

    private MessageType Find(string message) => _messages.TryGetValue(message, out MessageType? found)
        ? found
        : throw new InvalidDataException($"the field table has no message '{message}'");

    private static string Undash(string word) => word == "-" ? "" : word;
}
