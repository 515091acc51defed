using System.Globalization;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Secrets;
using EtcdBackupAgent.Resources.Yaml;

namespace EtcdBackupAgent.Resources.Binding;

/// <summary>
/// Reads the fields of one mapping by name and type. A field with the wrong type is a problem and is treated as absent.
/// A field that was not read before <see cref="WarnAboutUnknown"/> is called is unknown.
/// </summary>
internal sealed class FieldReader(MappingNode node, string path, ResourceProblems problems)
{
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    public ResourceProblems Problems => problems;

    /// <summary>Whether the field is present, whatever its value.</summary>
    public bool Has(string field) => Find(field) is not null;

    /// <summary>Returns the position of the field, or of the mapping in which it is missing.</summary>
    public string Where(string field) =>
        node.Fields.TryGetValue(field, out ResourceNode? value) ? value.Where : node.Where;

    public void Error(string field, string message) => problems.Error(Where(field), PathOf(field), message);

    public void Warning(string field, string message) => problems.Warning(Where(field), PathOf(field), message);

    /// <summary>Returns a text without the line end of a block scalar (<see cref="SecretText"/>); null if the field is
    /// absent or is not a text.</summary>
    public string? Text(string field)
    {
        switch (Find(field))
        {
            case null:
                return null;
            case ScalarNode { Type: ScalarType.Text } text
                when SecretText.WithoutLineEnd(text.Text) is { Length: > 0 } line:
                return line;
            case ScalarNode { Type: ScalarType.Text }:
                Error(field, "is empty; write a value or leave the field out");
                return null;
            case ScalarNode { Type: ScalarType.Number or ScalarType.Boolean } scalar:
                Error(field, $"is {scalar.TypeName}, {scalar.Text}, but must be a text; put it in quotes");
                return null;
            case { } other:
                Error(field, $"is {other.TypeName}, but must be a text");
                return null;
        }
    }

    public string? RequiredText(string field)
    {
        if (!Has(field))
        {
            Error(field, "is missing; it is required" + SimilarFieldHint(field));
        }

        return Text(field);
    }

    /// <summary>Returns a value of an enumeration by its exact name; null if the field is absent or has another
    /// value.</summary>
    public T? OneOf<T>(string field)
        where T : struct, Enum
    {
        if (Text(field) is not { } text)
        {
            return null;
        }

        string[] names = Enum.GetNames<T>();
        if (names.Contains(text, StringComparer.Ordinal))
        {
            return Enum.Parse<T>(text);
        }

        Error(
            field,
            $"{ResourceProblems.Quote(text)} is not a valid value; allowed are {string.Join(", ", names)}"
            + NearestName.Question(text, names));
        return null;
    }

    /// <summary>Returns a duration in the form of Go, such as <c>24h</c>, within a range; null if the field is absent
    /// or invalid.</summary>
    public TimeSpan? Duration(string field, TimeSpan least, TimeSpan? most = null) =>
        Text(field) is { } text
            ? WithinRange(field, text, GoDuration.Parse(text), "such as 24h or 1h30m", least, most)
            : null;

    /// <summary>Returns whole days, such as <c>7d</c>, or a duration in the form of Go, of at least
    /// <paramref name="least"/>; null if the field is absent or invalid.</summary>
    public TimeSpan? DaysOrDuration(string field, TimeSpan least) =>
        Text(field) is { } text
            ? WithinRange(field, text, GoDuration.ParseWithDays(text), "such as 7d or 36h", least, most: null)
            : null;

    /// <summary>Returns a number of bytes within a range, written as a number or as a Kubernetes quantity such as
    /// <c>8Mi</c>; null if the field is absent or invalid.</summary>
    public long? Bytes(string field, long least, long most)
    {
        ResourceNode? found = Find(field);
        if (found is null)
        {
            return null;
        }

        if (found is not ScalarNode { Type: ScalarType.Number or ScalarType.Text } scalar
            || ByteQuantity.Parse(scalar.Text) is not { } bytes)
        {
            string given = found is ScalarNode { IsNull: false } other
                ? ResourceProblems.Quote(other.Text)
                : found.TypeName;
            Error(field, $"{given} is not a number of bytes; write a whole number, or one with a unit, such as 8Mi");
            return null;
        }

        if (bytes < least || bytes > most)
        {
            Error(
                field,
                $"{ResourceProblems.Quote(scalar.Text)} is out of range; allowed are {Mebibytes(least)} to "
                + $"{Mebibytes(most)}");
            return null;
        }

        return bytes;
    }

    /// <summary>Returns a whole number within a range; null if the field is absent or invalid.</summary>
    public int? Integer(string field, int least, int most = int.MaxValue)
    {
        string allowed = $"allowed is a whole number from {least} to {most}";
        switch (Find(field))
        {
            case null:
                return null;
            case ScalarNode { Type: ScalarType.Number } number:
                if (
                    int.TryParse(
                        number.Text,
                        NumberStyles.AllowLeadingSign,
                        CultureInfo.InvariantCulture,
                        out int value)
                    && value >= least && value <= most)
                {
                    return value;
                }

                Error(field, $"{number.Text} is out of range; {allowed}");
                return null;
            case ScalarNode { Type: ScalarType.Text } text
                when text.Text.Length > 0 && text.Text.All(char.IsAsciiDigit):
                Error(field, $"is the text '{text.Text}', but must be a number; leave out the quotes");
                return null;
            case ScalarNode { Type: ScalarType.Text } text:
                Error(field, $"{ResourceProblems.Quote(text.Text)} is not a number; {allowed}");
                return null;
            case { } other:
                Error(field, $"is {other.TypeName}, but must be a number; {allowed}");
                return null;
        }
    }

    public bool? Boolean(string field)
    {
        switch (Find(field))
        {
            case null:
                return null;
            case ScalarNode { Type: ScalarType.Boolean } boolean:
                return bool.Parse(boolean.Text);
            case ScalarNode { IsNull: false } scalar:
                Error(
                    field,
                    $"is {scalar.TypeName}, {ResourceProblems.Quote(scalar.Text)}; allowed is true or false, without "
                    + "quotes");
                return null;
            case { } other:
                Error(field, $"is {other.TypeName}; allowed is true or false");
                return null;
        }
    }

    /// <summary>Returns the node itself, for fields of several types and for those whose value no message may contain;
    /// null if the field is absent.</summary>
    public ResourceNode? Node(string field) => Find(field);

    /// <summary>Returns the fields of a nested mapping; null if it is absent, empty or not a mapping.</summary>
    public FieldReader? Mapping(string field)
    {
        switch (Find(field))
        {
            case null or ScalarNode { IsNull: true }:
                return null;
            case MappingNode mapping:
                return new FieldReader(mapping, PathOf(field), problems);
            case { } other:
                Error(field, $"is {other.TypeName}, but must be a mapping");
                return null;
        }
    }

    /// <summary>Returns the items of a list; empty if it is absent or not a list.</summary>
    public IReadOnlyList<ResourceNode> Items(string field)
    {
        switch (Find(field))
        {
            case null or ScalarNode { IsNull: true }:
                return [];
            case SequenceNode list:
                return list.Items;
            case { } other:
                Error(field, $"is {other.TypeName}, but must be a list");
                return [];
        }
    }

    /// <summary>Returns the texts of a list; empty if it is absent.</summary>
    public IReadOnlyList<string> Texts(string field)
    {
        List<string> texts = [];
        foreach (ResourceNode item in Items(field))
        {
            if (item is ScalarNode { Type: ScalarType.Text, Text.Length: > 0 } text)
            {
                texts.Add(text.Text);
            }
            else
            {
                Error(field, "has an item that is not a text; put numbers in quotes");
            }
        }

        return texts;
    }

    /// <summary>Marks every field as known and returns their names, for mappings with arbitrary keys.</summary>
    public IReadOnlyCollection<string> Names()
    {
        _known.UnionWith(node.Fields.Keys);
        return [.. node.Fields.Keys];
    }

    /// <summary>Marks fields as known that have no effect here.</summary>
    public void Ignore(params ReadOnlySpan<string> fields)
    {
        foreach (string field in fields)
        {
            _known.Add(field);
        }
    }

    public void WarnAboutUnknown()
    {
        foreach (string field in node.Fields.Keys.Where(field => !_known.Contains(field)))
        {
            Warning(field, "is not a known field and is ignored" + NearestName.Question(field, _known));
        }
    }

    private TimeSpan? WithinRange(
        string field, string text, TimeSpan? parsed, string examples, TimeSpan least, TimeSpan? most)
    {
        if (parsed is not { } duration)
        {
            Error(
                field, $"{ResourceProblems.Quote(text)} is not a duration; write numbers with units, {examples}");
            return null;
        }

        if (duration < least)
        {
            Error(field, $"{ResourceProblems.Quote(text)} is too short; the minimum is {least.TotalSeconds:0}s");
            return null;
        }

        if (duration > most)
        {
            Error(field, $"{ResourceProblems.Quote(text)} is too long; the maximum is {most.Value.TotalSeconds:0}s");
            return null;
        }

        return duration;
    }

    private static string Mebibytes(long bytes) =>
        bytes % (1 << 20) == 0 ? $"{bytes >> 20}Mi" : $"{bytes >> 10}Ki";

    private ResourceNode? Find(string field)
    {
        _known.Add(field);
        return node.Fields.GetValueOrDefault(field);
    }

    /// <summary>Returns a hint to an unknown field with an almost equal name, or an empty text.</summary>
    private string SimilarFieldHint(string field) =>
        NearestName.Of(field, node.Fields.Keys.Where(key => !_known.Contains(key))) is { } similar
            ? $"; found '{similar}'"
            : "";

    private string PathOf(string field) => path.Length == 0 ? field : $"{path}.{field}";
}
