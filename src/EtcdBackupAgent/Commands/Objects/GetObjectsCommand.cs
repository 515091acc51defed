using System.CommandLine;
using EtcdBackupAgent.Composition;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.KeySpaces;
using EtcdBackupAgent.Objects.Printing;
using EtcdBackupAgent.Objects.Querying;
using EtcdBackupAgent.Output;

namespace EtcdBackupAgent.Commands.Objects;

/// <summary><c>objects get</c>: prints objects of a snapshot as kubectl printed them when it was made.</summary>
internal sealed class GetObjectsCommand(LogOptions logs, Wiring wiring)
{
    private readonly ObjectSource _source = new(logs, wiring);
    private readonly SelectionOptions _selection = new();

    private readonly Option<ObjectFormat> _output = new Option<ObjectFormat>("--output", "-o")
    {
        Description = "Format of the objects: yaml, json or name (default: yaml).",
        HelpName = "FORMAT",
    }.OneOf(ObjectFormat.Yaml, ObjectFormat.Json, ObjectFormat.Name);

    public static Command Create(LogOptions logs, Wiring wiring)
    {
        GetObjectsCommand get = new(logs, wiring);
        Command verb = new("get", "Print objects of a snapshot, as kubectl printed them when it was made.");
        get._source.AddTo(verb);
        get._selection.AddTo(verb);
        verb.Add(get._output);
        verb.SetAction(get.ExecuteAsync);
        return verb.WithExample(
            "etcd-backup-agent objects get latest configmap/settings -n web --repository file:///var/backups/etcd\n"
            + "etcd-backup-agent objects get --file etcd.db deployments.apps -A -o json");
    }

    private async Task<int> ExecuteAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> words = _source.ReadKinds(parsed);
        if (words.Count == 0)
        {
            throw new BackupException(FailureReason.InvalidInput, "No kind is given.")
            {
                Hint = "'etcd-backup-agent objects list' shows the kinds that the snapshot has.",
            };
        }

        using KeySpace keys = await _source.OpenAsync(parsed, cancellationToken);
        ObjectSpace space = new(keys, await _source.ReadOptionsAsync(parsed, cancellationToken));
        IReadOnlyList<ObjectSelection> selections = _selection.Read(parsed, words, space, cancellationToken);
        UnreadObjects unread = new();
        IEnumerable<FoundObject> found = selections
            .SelectMany(selection => space.FindNamed(selection, cancellationToken))
            .Where(unread.IsReadable);
        bool isList = selections is not [{ Names.Count: 1 }];
        switch (parsed.GetValue(_output))
        {
            case ObjectFormat.Json:
                ObjectPrinter.Json(found, isList, Console.Out);
                break;
            case ObjectFormat.Name:
                foreach (FoundObject item in found)
                {
                    Console.Out.WriteLine(ObjectTable.NameOf(item));
                }

                break;
            default:
                ObjectPrinter.Yaml(found, isList, Console.Out);
                break;
        }

        unread.Warn();
        return ExitCodes.Success;
    }
}
