using System.CommandLine;
using EtcdBackupAgent.Composition;
using EtcdBackupAgent.Core.KeySpaces;
using EtcdBackupAgent.Objects.Printing;
using EtcdBackupAgent.Objects.Querying;
using EtcdBackupAgent.Objects.Reading;
using EtcdBackupAgent.Objects.Selecting;
using EtcdBackupAgent.Output;

namespace EtcdBackupAgent.Commands.Objects;

/// <summary><c>objects list</c>: lists objects of a snapshot, or what kinds it has.</summary>
internal sealed class ListObjectsCommand(LogOptions logs, Wiring wiring)
{
    private readonly ObjectSource _source = new(logs, wiring);
    private readonly SelectionOptions _selection = new();

    private readonly Option<ObjectFormat> _output = new Option<ObjectFormat>("--output", "-o")
    {
        Description = "Format: name, json, yaml or wide (default: a table of names and ages; of custom resources, "
            + "with the columns of their definition).",
        HelpName = "FORMAT",
    }.OneOf(ObjectFormat.Name, ObjectFormat.Json, ObjectFormat.Yaml, ObjectFormat.Wide);

    public static Command Create(LogOptions logs, Wiring wiring)
    {
        ListObjectsCommand list = new(logs, wiring);
        Command verb = new("list", "List objects of a snapshot; without a kind, how many it has of each.");
        list._source.AddTo(verb);
        list._selection.AddTo(verb);
        verb.Add(list._output);
        verb.SetAction(list.ExecuteAsync);
        return verb.WithExample(
            "etcd-backup-agent objects list latest --repository file:///var/backups/etcd\n"
            + "etcd-backup-agent objects list latest deploy,cm -n web -l app=shop --repository "
            + "file:///var/backups/etcd\n"
            + "etcd-backup-agent objects list --at 2026-11-29T10:15:00Z pods -A --repository file:///var/backups/etcd");
    }

    private async Task<int> ExecuteAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> words = _source.ReadKinds(parsed);
        using KeySpace keys = await _source.OpenAsync(parsed, cancellationToken);
        ObjectFormat format = parsed.GetValue(_output);
        ObjectReaderOptions options = await _source.ReadOptionsAsync(parsed, cancellationToken);
        ObjectSpace space = new(keys, options with
        {
            // Names, ages and labels are metadata.
            MetadataOnly = format is ObjectFormat.Standard or ObjectFormat.Name,
        });
        if (words.Count == 0)
        {
            WriteCounts(space.Count(cancellationToken), format);
            return ExitCodes.Success;
        }

        IReadOnlyList<ObjectSelection> selections = _selection.Read(parsed, words, space, cancellationToken);
        new ObjectOutput(space, selections).Write(
            format,
            isList: true,
            found => ObjectTable.Write(
                Terminal.Output,
                found,
                KindColumns.Of(
                    OnlyResource(selections), isWide: format == ObjectFormat.Wide, options.AsStored),
                _selection.IsOfAllNamespaces(parsed),
                wiring.Time.GetUtcNow()),
            cancellationToken);
        return ExitCodes.Success;
    }

    /// <summary>The resource of all selections; null if there are several.</summary>
    private static KnownResource? OnlyResource(IReadOnlyList<ObjectSelection> selections) =>
        selections.SelectMany(selection => selection.Resources ?? []).DistinctBy(resource => resource.Name)
            .ToArray() is [KnownResource only] ? only : null;

    private static void WriteCounts(ObjectCounts counts, ObjectFormat format)
    {
        if (format == ObjectFormat.Json)
        {
            Console.Out.WriteLine(DocumentText.Json(ObjectTable.Document(counts)));
        }
        else if (format == ObjectFormat.Yaml)
        {
            Console.Out.Write(DocumentText.Yaml(ObjectTable.Document(counts)));
        }
        else
        {
            ObjectTable.Write(Terminal.Output, counts);
        }
    }
}
