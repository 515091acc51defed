using System.CommandLine;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Composition;
using EtcdBackupAgent.Configuration;
using EtcdBackupAgent.Core.Copies;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Output;
using Spectre.Console;

namespace EtcdBackupAgent.Commands;

/// <summary><c>copy</c>: copies snapshots to a second location, as they are stored.</summary>
internal sealed class CopyCommand(LogOptions logs, Wiring wiring)
{
    private readonly RepositoryOptions _repository = new(logs, wiring);
    private readonly CopyTargetOptions _target = new();
    private readonly OutputOptions _output = new();

    private readonly Argument<string?> _id = new("ID")
    {
        Description = "The snapshot: its ID, its beginning, its name, or 'latest'. Its base is copied with it.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<bool> _all = new("--all")
    {
        Description = "Copy all snapshots that the far end does not have.",
    };

    public static Command Create(LogOptions logs, Wiring wiring)
    {
        CopyCommand copy = new(logs, wiring);
        Command verb = new("copy", "Copy snapshots to a second location, as they are stored. No key is needed.")
        {
            copy._id, copy._all,
        };
        copy._target.AddTo(verb);
        copy._repository.AddTo(verb);
        copy._output.AddTo(verb);
        verb.SetAction(copy.ExecuteAsync);
        return verb.WithExample(
            "etcd-backup-agent copy latest --repository file:///var/backups/etcd --to s3://backups/cluster-1 \\\n"
            + "  --to-s3-endpoint https://minio.example.com:9000\n"
            + "etcd-backup-agent copy --all --resources /etc/etcd-backup-agent --location near --to-location far");
    }

    private async Task<int> ExecuteAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        string? id = parsed.GetValue(_id);
        if (id is null != parsed.GetValue(_all))
        {
            throw new BackupException(FailureReason.InvalidInput, "copy takes either one snapshot ID or --all.")
            {
                Hint = "'etcd-backup-agent copy latest' copies the newest one.",
            };
        }

        RepositoryChoice choice = await _repository.ReadAsync(parsed, cancellationToken);
        RepositoryChoice far = _target.Read(parsed, choice);
        using OpenedRepository opened = await _repository.OpenAsync(choice, parsed, cancellationToken);
        using IObjectStore target = wiring.Store(far, logs.Loggers(parsed));
        CopyRun run = new(opened.Repository, target, wiring.Time);
        List<CopyOutcome> outcomes = await TransferDisplay.ShowAsync(async progress =>
            await run.ExecuteAsync(id, progress, FailureText.WriteWarning, cancellationToken)
                .ToListAsync(cancellationToken));
        _output.Write(parsed, Document(outcomes), console =>
        {
            foreach (CopyOutcome outcome in outcomes.Where(o => o.Problem is null))
            {
                console.WriteLine($"{outcome.Folder.Id}: " + (outcome.Existed
                    ? "already there"
                    : $"copied, {Readable.Bytes(outcome.CopiedBytes)}"));
            }

            console.WriteLine(
                $"{outcomes.Count(o => o.Problem is null)} of {outcomes.Count} snapshots are in {target.Address}");
        });
        foreach (BackupException problem in outcomes.Select(o => o.Problem).OfType<BackupException>())
        {
            FailureText.Write(problem);
        }

        return outcomes.Any(o => o.Problem is not null)
            ? ExitCodes.Of(FailureReason.DataDamaged)
            : ExitCodes.Success;
    }

    private static JsonArray Document(IEnumerable<CopyOutcome> outcomes) => new(
    [
        .. outcomes.Select(outcome => new JsonObject
        {
            ["id"] = outcome.Folder.Id.Value,
            ["copied"] = outcome is { Problem: null, Existed: false },
            ["existed"] = outcome.Existed,
            ["bytes"] = outcome.CopiedBytes,
            ["problem"] = outcome.Problem?.Message,
        }),
    ]);
}
