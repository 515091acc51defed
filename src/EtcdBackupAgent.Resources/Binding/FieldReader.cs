using System.Globalization;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Secrets;
using EtcdBackupAgent.Resources.Yaml;

namespace EtcdBackupAgent.Resources.Binding;

/// <summary>
/// Reads the fields of one mapping by name and type. What has the wrong type is a problem and reads as absent; what
/// nobody asked for by the time of <see cref="WarnOfUnknown"/> is unknown.
/// </summary>
internal sealed class FieldReader(MappingNode node, string path, ResourceProblems problems)
{
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    public ResourceProblems Problems => problems;

    /// <summary>Whether the field is written down, whatever its value.</summary>
    public bool Has(string field) => Find(field) is not null;

    /// <summary>The place of the field, or of the mapping it is missing from.</summary>
    public string Where(string field) => node.Fields.TryGetValue(field, out ResourceNode? value) ? value.Where : node.Where;

    public void Error(string field, string message) => problems.Error(Where(field), PathOf(field), message);

    public void Warning(string field, string message) => problems.Warning(Where(field), PathOf(field), message);

    /// <summary>Without the line end that a block leaves (<see cref="SecretText"/>); null if the field is absent or was
    /// not a text.</summary>
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
                Error(field, $"is {scalar.Sort}, {scalar.Text}, but must be a text; put it in quotes");
                return null;
            case { } other:
                Error(field, $"is {other.Sort}, but must be a text");
                return null;
        }
    }

    public string? RequiredText(string field)
    {
        if (!Has(field))
        {
            Error(field, "is missing; it is required" + HintOfSlip(field));
        }

        return Text(field);
    }

    /// <summary>One of an enumeration's names, as they are written there; null if the field is absent or holds something else.</summary>
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
            $"{ResourceProblems.Show(text)} is not possible; allowed is {string.Join(" or ", names)}"
            + NearestName.Question(text, names));
        return null;
    }

    /// <summary>A whole number of at least <paramref name="least"/>.</summary>
    public int? Integer(string field, int least)
    {
        string allowed = $"allowed is a whole number from {least} to {int.MaxValue}";
        switch (Find(field))
        {
            case null:
                return null;
            case ScalarNode { Type: ScalarType.Number } number:
                if (int.TryParse(number.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value)
                    && value >= least)
                {
                    return value;
                }

                Error(field, $"{number.Text} is out of range; {allowed}");
                return null;
            case ScalarNode { Type: ScalarType.Text } text when text.Text.Length > 0 && text.Text.All(char.IsAsciiDigit):
                Error(field, $"is the text '{text.Text}', but must be a number; leave out the quotes");
                return null;
            case ScalarNode { Type: ScalarType.Text } text:
                Error(field, $"{ResourceProblems.Show(text.Text)} is not a number; {allowed}");
                return null;
            case { } other:
                Error(field, $"is {other.Sort}, but must be a number; {allowed}");
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
                    $"is {scalar.Sort}, {ResourceProblems.Show(scalar.Text)}; allowed is true or false, without quotes");
                return null;
            case { } other:
                Error(field, $"is {other.Sort}; allowed is true or false");
                return null;
        }
    }

    /// <summary>The value as it is written, for fields of several types and for those whose value no message may hold;
    /// null if absent.</summary>
    public ResourceNode? Node(string field) => Find(field);

    /// <summary>The fields of a nested mapping; null if it is absent, empty or no mapping.</summary>
    public FieldReader? Mapping(string field)
    {
        switch (Find(field))
        {
            case null or ScalarNode { IsNull: true }:
                return null;
            case MappingNode mapping:
                return new FieldReader(mapping, PathOf(field), problems);
            case { } other:
                Error(field, $"is {other.Sort}, but must be a mapping");
                return null;
        }
    }

    /// <summary>The items of a list; empty if it is absent or no list.</summary>
    public IReadOnlyList<ResourceNode> Items(string field)
    {
        switch (Find(field))
        {
            case null or ScalarNode { IsNull: true }:
                return [];
            case SequenceNode list:
                return list.Items;
            case { } other:
                Error(field, $"is {other.Sort}, but must be a list");
                return [];
        }
    }

    /// <summary>Takes every field as known and returns their names, for mappings whose keys are free.</summary>
    public IReadOnlyCollection<string> Names()
    {
        _known.UnionWith(node.Fields.Keys);
        return [.. node.Fields.Keys];
    }

    /// <summary>Takes fields as known that mean nothing here.</summary>
    public void Ignore(params ReadOnlySpan<string> fields)
    {
        foreach (string field in fields)
        {
            _known.Add(field);
        }
    }

    public void WarnOfUnknown()
    {
        foreach (string field in node.Fields.Keys.Where(field => !_known.Contains(field)))
        {
            Warning(field, "is not a known field and is ignored" + NearestName.Question(field, _known));
        }
    }

    private ResourceNode? Find(string field)
    {
        _known.Add(field);
        return node.Fields.GetValueOrDefault(field);
    }

    /// <summary>The field that is there under a name almost the same, if it is not one that was asked for.</summary>
    private string HintOfSlip(string field) =>
        NearestName.Of(field, node.Fields.Keys.Where(key => !_known.Contains(key))) is { } slip
            ? $"; there is '{slip}'"
            : "";

    private string PathOf(string field) => path.Length == 0 ? field : $"{path}.{field}";
}
