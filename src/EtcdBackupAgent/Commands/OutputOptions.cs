using System.CommandLine;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Output;
using Spectre.Console;

namespace EtcdBackupAgent.Commands;

/// <summary>
/// The option for the format of a verb's result on standard output: text for people, or one JSON or YAML document and
/// nothing else.
/// </summary>
internal sealed class OutputOptions
{
    private readonly Option<OutputFormat> _output = new Option<OutputFormat>("--output", "-o")
    {
        Description = "Format of the result: table, json or yaml (default: table).",
        HelpName = "FORMAT",
    }.OneOf(OutputFormat.Table, OutputFormat.Json, OutputFormat.Yaml);

    /// <summary>The option.</summary>
    public Option Format => _output;

    public void AddTo(Command verb) => verb.Add(_output);

    public OutputFormat Read(ParseResult parsed) => parsed.GetValue(_output);

    /// <summary>Writes a result, as text or as a document.</summary>
    public void Write(ParseResult parsed, JsonNode document, Action<IAnsiConsole> writeText)
    {
        switch (Read(parsed))
        {
            case OutputFormat.Json:
                Console.Out.WriteLine(DocumentText.Json(document));
                break;
            case OutputFormat.Yaml:
                Console.Out.Write(DocumentText.Yaml(document));
                break;
            default:
                writeText(Terminal.Output);
                break;
        }
    }
}

internal enum OutputFormat
{
    Table,
    Json,
    Yaml,
}
