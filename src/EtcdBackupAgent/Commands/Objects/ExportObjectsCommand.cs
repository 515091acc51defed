using System.CommandLine;
using EtcdBackupAgent.Composition;
using EtcdBackupAgent.Core.KeySpaces;
using EtcdBackupAgent.Core.Restores;
using EtcdBackupAgent.Objects.Exporting;
using EtcdBackupAgent.Objects.Querying;
using EtcdBackupAgent.Objects.Reading;

namespace EtcdBackupAgent.Commands.Objects;

/// <summary><c>objects export</c>: writes objects of a snapshot as files that can be applied.</summary>
internal sealed class ExportObjectsCommand(LogOptions logs, Wiring wiring)
{
    private readonly ObjectSource _source = new(logs, wiring, masksSecrets: false);
    private readonly SelectionOptions _selection = new(isOfAll: true);
    private readonly OutputOptions _output = new();

    private readonly Option<string> _to = new("--to")
    {
        Description = "The directory to write: empty, or not existing yet.",
        HelpName = "DIR",
        Required = true,
    };

    private readonly Option<bool> _withoutSecrets = new("--without-secrets")
    {
        Description = "Leave out Secrets, which are written with their values otherwise.",
    };

    public static Command Create(LogOptions logs, Wiring wiring)
    {
        ExportObjectsCommand export = new(logs, wiring);
        Command verb = new(
            "export", "Write objects of a snapshot as files, one for each, that kubectl apply and git take.")
        {
            export._to,
            export._withoutSecrets,
        };
        export._source.AddTo(verb);
        export._selection.AddTo(verb);
        export._output.AddTo(verb);
        verb.SetAction(export.ExecuteAsync);
        return verb.WithExample(
            "etcd-backup-agent objects export latest -n web --to web --repository file:///var/backups/etcd\n"
            + "etcd-backup-agent objects export --file etcd.db --without-secrets --to cluster");
    }

    private async Task<int> ExecuteAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> words = _source.ReadKinds(parsed);
        using RestoreTarget target = ObjectExport.Claim(parsed.GetValue(_to)!);
        using KeySpace keys = await _source.OpenAsync(parsed, target.Path, cancellationToken);
        ObjectReaderOptions read = await _source.ReadOptionsAsync(parsed, cancellationToken) with
        {
            ManagedFields = true,
            ShowSecrets = true,
        };
        ObjectSpace space = new(keys, read);
        IReadOnlyList<ObjectSelection> selections = words.Count > 0
            ? _selection.ReadOfAll(parsed, words, kind => space.Resolve(kind, cancellationToken))
            : _selection.ReadAll(parsed, kind => space.Resolve(kind, cancellationToken));
        UnreadObjects unread = new();
        ObjectExport export = new(target, new ExportOptions
        {
            Omitted = words.Count > 0 || read.AsStored
                ? null
                : new OmittedObjects(SelectingServices.Find(space, selections[^1].Namespace, cancellationToken)),
            AsRead = read.AsStored,
            WithoutSecrets = parsed.GetValue(_withoutSecrets),
        });
        ExportSummary summary = export.Write(
            selections.SelectMany(selection => space.FindNamed(selection, cancellationToken)).Where(unread.IsReadable),
            cancellationToken);

        long unknownKeys = words.Count > 0 ? 0 : space.Count(cancellationToken).Unknown;
        _output.Write(
            parsed,
            ExportText.Document(summary, unread, unknownKeys),
            console => ExportText.Write(console, summary));
        ExportText.Warn(summary, unknownKeys);
        unread.Warn();
        return ExitCodes.Success;
    }
}
