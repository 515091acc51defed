using System.CommandLine;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Composition;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Retention;
using EtcdBackupAgent.Core.Statements;
using EtcdBackupAgent.Runtime;
using Spectre.Console;

namespace EtcdBackupAgent.Commands.Statements;

/// <summary>
/// <c>hold</c>, <c>release</c>, <c>exclude</c> and <c>chain accept</c>: say about snapshots what their manifests, which
/// never change, cannot say.
/// </summary>
internal sealed class StatementCommands(LogOptions logs, Wiring wiring)
{
    private readonly RepositoryOptions _repository = new(logs, wiring);
    private readonly OutputOptions _output = new();

    private readonly Option<string> _reason = new("--reason")
    {
        Description = "Why, in one line.",
        HelpName = "TEXT",
        Required = true,
    };

    private readonly Option<string?> _by = new("--by")
    {
        Description = "Who, in one line (default: the user of this process).",
        HelpName = "NAME",
    };

    public static Command CreateHold(LogOptions logs, Wiring wiring) => new StatementCommands(logs, wiring)
        .CreateOfSnapshots(
            "hold",
            "Keep snapshots: retention and delete do not remove them until they are released.",
            StatementKind.Held,
            "is held")
        .WithExample(
            "etcd-backup-agent hold 34abbf1b --reason 'before the audit' --repository file:///var/backups/etcd");

    public static Command CreateRelease(LogOptions logs, Wiring wiring) => new StatementCommands(logs, wiring)
        .CreateOfSnapshots(
            "release", "Take back every hold and every exclusion of snapshots.", StatementKind.Released, "is released")
        .WithExample(
            "etcd-backup-agent release 34abbf1b --reason 'audit done' --repository file:///var/backups/etcd");

    public static Command CreateExclude(LogOptions logs, Wiring wiring) => new StatementCommands(logs, wiring)
        .CreateOfSnapshots(
            "exclude",
            "Mark snapshots as known to be bad: they are never 'latest', and retention does not count them.",
            StatementKind.Excluded,
            "is excluded")
        .WithExample(
            "etcd-backup-agent exclude 34abbf1b --reason 'made after the mistake' "
            + "--repository file:///var/backups/etcd");

    public static Command CreateChain(LogOptions logs, Wiring wiring)
    {
        StatementCommands accept = new(logs, wiring);
        Command verb = new(
            "accept", "Accept that snapshots are missing, which were removed without the agent; 'list' names them.");
        accept.AddTo(verb);
        verb.SetAction(accept.AcceptAsync);
        return new Command("chain", "Accept what is missing in the chain of signed snapshots.")
        {
            verb.WithExample(
                "etcd-backup-agent chain accept --reason 'removed by hand' --repository file:///var/backups/etcd \\\n"
                + "  --signing-key /root/backup-signing-key"),
        }.WithExample(
            "etcd-backup-agent chain accept --reason 'removed by hand' --repository file:///var/backups/etcd \\\n"
            + "  --signing-key /root/backup-signing-key");
    }

    private Command CreateOfSnapshots(string name, string description, StatementKind kind, string done)
    {
        Argument<string[]> ids = new("SNAPSHOT")
        {
            Description = "Snapshot IDs, the starts of them, or names.",
            Arity = ArgumentArity.OneOrMore,
        };
        Command verb = new(name, description) { ids };
        AddTo(verb);
        verb.SetAction(async (parsed, cancellationToken) =>
        {
            StatementWords words = ReadWords(parsed);
            using OpenedRepository opened = await _repository.OpenAsync(parsed, cancellationToken);
            Statement made = await new StatementRun(opened.Repository).StateAsync(
                kind, parsed.GetRequiredValue(ids), words, cancellationToken);
            Write(parsed, made, $"in {opened.Address} {done}");
            return ExitCodes.Success;
        });
        return verb;
    }

    private async Task<int> AcceptAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        StatementWords words = ReadWords(parsed);
        using OpenedRepository opened = await _repository.OpenAsync(parsed, cancellationToken);
        Statement? made = await new StatementRun(opened.Repository).AcceptMissingAsync(words, cancellationToken);
        if (made is null)
        {
            _output.Write(
                parsed,
                new JsonObject { ["snapshots"] = new JsonArray() },
                console => console.WriteLine($"No snapshot in {opened.Address} is missing."));
        }
        else
        {
            Write(parsed, made, $"is missing in {opened.Address}, and that is accepted");
        }

        return ExitCodes.Success;
    }

    private void AddTo(Command verb)
    {
        verb.Add(_reason);
        verb.Add(_by);
        _repository.AddSigningTo(verb);
        _output.AddTo(verb);
    }

    private StatementWords ReadWords(ParseResult parsed)
    {
        string by = parsed.GetValue(_by) ?? Environment.UserName;
        return new StatementWords(
            AgentVersion.Text, Line("--by", by), Line("--reason", parsed.GetRequiredValue(_reason)));
    }

    private static string Line(string option, string text) =>
        text.Length is > 0 and <= Statement.TextLengthMax && !text.Any(char.IsControl)
            ? text
            : throw new BackupException(
                FailureReason.InvalidInput,
                $"{option} must be one line of 1 to {Statement.TextLengthMax} characters.");

    private void Write(ParseResult parsed, Statement made, string done) => _output.Write(
        parsed,
        new JsonObject
        {
            ["snapshots"] = new JsonArray([.. made.Snapshots.Select(s => JsonValue.Create(s.Id.Value))]),
        },
        console =>
        {
            foreach (StatedSnapshot snapshot in made.Snapshots)
            {
                console.WriteLine($"Snapshot {snapshot.Id} {done}.");
            }
        });
}
