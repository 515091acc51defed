using System.CommandLine;
using EtcdBackupAgent.Composition;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.KeySpaces;
using EtcdBackupAgent.Objects.Querying;

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
        ObjectOutput output = new(space, selections);
        ObjectFormat format = parsed.GetValue(_output);
        output.Write(
            format == ObjectFormat.Standard ? ObjectFormat.Yaml : format,
            isList: !output.IsOne,
            writeTable: _ => throw new InvalidOperationException("'objects get' has no tables."),
            cancellationToken);
        return ExitCodes.Success;
    }
}
