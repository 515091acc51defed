using System.Text;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Objects.Comparing;

namespace EtcdBackupAgent.Objects.Printing;

/// <summary>
/// A document that is printed field by field, in the manner of kubectl, so that memory does not depend on the length of
/// its lists.
/// </summary>
public sealed class StreamedDocument
{
    private const string Indent = "    ";

    private readonly TextWriter _output;
    private readonly IndentedJson? _json;
    private readonly KubectlYaml? _yaml;
    private bool _hasField;
    private bool _hasItem;

    /// <summary>Begins a document.</summary>
    /// <param name="isYaml">Whether it is YAML, and not JSON.</param>
    /// <param name="output">Receives the text.</param>
    public StreamedDocument(bool isYaml, TextWriter output)
    {
        _output = output;
        if (isYaml)
        {
            _yaml = new KubectlYaml(output);
            _yaml.StartMapping();
        }
        else
        {
            _json = new IndentedJson(output);
            _output.Write('{');
        }
    }

    /// <summary>Prints a field.</summary>
    public void Field(string name, JsonNode? value)
    {
        Begin(name);
        byte[] json = Encoding.UTF8.GetBytes(JsonValues.Text(value));
        _yaml?.Write(json);
        _json?.Write(json, level: 1);
    }

    /// <summary>Begins a field that is a list.</summary>
    public void StartList(string name)
    {
        Begin(name);
        _yaml?.StartList();
        _hasItem = false;
        if (_json is not null)
        {
            _output.Write('[');
        }
    }

    /// <summary>Prints an item of the list.</summary>
    public void Item(JsonNode value)
    {
        byte[] json = Encoding.UTF8.GetBytes(JsonValues.Text(value));
        _yaml?.Write(json);
        if (_json is not null)
        {
            _output.Write($"{(_hasItem ? "," : "")}\n{Indent}{Indent}");
            _json.Write(json, level: 2);
        }

        _hasItem = true;
    }

    /// <summary>Ends the list.</summary>
    public void EndList()
    {
        _yaml?.EndList();
        if (_json is not null)
        {
            _output.Write(_hasItem ? $"\n{Indent}]" : "]");
        }
    }

    /// <summary>Ends the document.</summary>
    public void End()
    {
        _yaml?.EndMapping();
        _yaml?.End();
        if (_json is not null)
        {
            _output.Write("\n}\n");
        }
    }

    private void Begin(string name)
    {
        _yaml?.Write(name);
        if (_json is not null)
        {
            _output.Write($"{(_hasField ? "," : "")}\n{Indent}{JsonValues.Text(name)}: ");
        }

        _hasField = true;
    }
}
