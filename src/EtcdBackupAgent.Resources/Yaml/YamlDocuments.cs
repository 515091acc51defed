using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace EtcdBackupAgent.Resources.Yaml;

/// <summary>
/// Turns the text of one file into nodes, with the line of each. JSON is read as YAML. The nesting and the number of
/// nodes after the expansion of aliases are limited, so that a few lines cannot expand to gigabytes.
/// </summary>
internal sealed partial class YamlDocuments
{
    public const int DepthMax = 64;

    /// <summary>The greatest number of nodes in one file; each use of an alias counts in full.</summary>
    public const int NodesMax = 100_000;

    private readonly string _file;
    private readonly Parser _parser;
    private readonly Dictionary<string, ResourceNode> _anchors = new(StringComparer.Ordinal);
    private int _nodes;

    private YamlDocuments(string file, string text)
    {
        _file = file;
        _parser = new Parser(new StringReader(text));
    }

    /// <summary>Adds the documents of a file in their order, up to the first broken one. Empty documents are left
    /// out.</summary>
    /// <exception cref="YamlException">The text is not YAML, or exceeds a limit. The exception has the position. Its
    /// message never contains a value from the text.</exception>
    public static void Parse(string file, string text, List<ResourceNode> documents)
    {
        YamlDocuments yaml = new(file, text);
        try
        {
            yaml.AddTo(documents);
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or IndexOutOfRangeException)
        {
            // YamlDotNet's scanner throws these on some broken text, for example "a: [b" at the end of a file.
            Mark end = yaml._parser.Current?.End ?? Mark.Empty;
            throw new YamlException(end, end, "the text after this position is broken or ends too early", e);
        }
    }

    private void AddTo(List<ResourceNode> documents)
    {
        _parser.Consume<StreamStart>();
        while (!_parser.Accept<StreamEnd>(out _))
        {
            _parser.Consume<DocumentStart>();
            _anchors.Clear();
            ResourceNode root = Node(depth: 0);
            _parser.Consume<DocumentEnd>();
            if (root is not ScalarNode { IsNull: true })
            {
                documents.Add(root);
            }
        }
    }

    private ResourceNode Node(int depth)
    {
        if (_parser.Accept<AnchorAlias>(out _))
        {
            AnchorAlias alias = _parser.Consume<AnchorAlias>();

            // An anchor is known only after its node is complete, so no node can contain itself.
            return _anchors.TryGetValue(alias.Value.Value, out ResourceNode? target)
                ? CountNodes(target, target.Size, alias)
                : throw ErrorAt(
                    alias, "this alias refers to no earlier anchor (a text that begins with '*' needs quotes)");
        }

        if (_parser.Current is not NodeEvent start)
        {
            throw ErrorAt(_parser.Current!, "expected a value here");
        }

        if (depth > DepthMax)
        {
            throw ErrorAt(start, $"nested deeper than {DepthMax} levels");
        }

        ResourceNode node = start switch
        {
            MappingStart => Mapping(depth),
            SequenceStart => Sequence(depth),
            _ => Scalar(_parser.Consume<Scalar>()),
        };
        CountNodes(node, 1, start);
        if (!start.Anchor.IsEmpty)
        {
            _anchors[start.Anchor.Value] = node;
        }

        return node;
    }

    private MappingNode Mapping(int depth)
    {
        MappingStart start = _parser.Consume<MappingStart>();
        Dictionary<string, ResourceNode> fields = new(StringComparer.Ordinal);
        int size = 1;
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            if (!_parser.Accept<Scalar>(out _))
            {
                throw ErrorAt(_parser.Current!, "the name of a field must be a text");
            }

            Scalar key = _parser.Consume<Scalar>();
            if (key.Value == "<<")
            {
                throw ErrorAt(key, "merge keys ('<<') are not supported; write the fields out");
            }

            ResourceNode value = Node(depth + 1);
            size += value.Size;
            if (!fields.TryAdd(key.Value, value))
            {
                throw ErrorAt(key, $"the field '{key.Value}' is a duplicate; first: {fields[key.Value].Where}");
            }
        }

        return new MappingNode(Where(start), size, fields);
    }

    private SequenceNode Sequence(int depth)
    {
        SequenceStart start = _parser.Consume<SequenceStart>();
        List<ResourceNode> items = [];
        while (!_parser.TryConsume<SequenceEnd>(out _))
        {
            items.Add(Node(depth + 1));
        }

        return new SequenceNode(Where(start), 1 + items.Sum(item => item.Size), items);
    }

    private ScalarNode Scalar(Scalar scalar)
    {
        ScalarType type = scalar.Style != ScalarStyle.Plain || !scalar.Tag.IsEmpty ? ScalarType.Text
            : NullPattern().IsMatch(scalar.Value) ? ScalarType.Null
            : BooleanPattern().IsMatch(scalar.Value) ? ScalarType.Boolean
            : NumberPattern().IsMatch(scalar.Value) ? ScalarType.Number
            : ScalarType.Text;
        return new ScalarNode(Where(scalar), scalar.Value, type);
    }

    private ResourceNode CountNodes(ResourceNode node, int size, ParsingEvent at)
    {
        _nodes += size;
        return _nodes <= NodesMax ? node : throw ErrorAt(at, $"more than {NodesMax:N0} values, aliases expanded");
    }

    private string Where(ParsingEvent at) => $"{_file}:{at.Start.Line}";

    private static YamlException ErrorAt(ParsingEvent at, string fact) => new(at.Start, at.End, fact);

    [GeneratedRegex(@"^(|~|null|Null|NULL)\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex NullPattern();

    [GeneratedRegex(@"^(true|True|TRUE|false|False|FALSE)\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex BooleanPattern();

    [GeneratedRegex(
        @"^[-+]?(0o[0-7]+|0x[0-9a-fA-F]+|(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|\.inf|\.nan)\z",
        RegexOptions.ExplicitCapture,
        1000)]
    private static partial Regex NumberPattern();
}
