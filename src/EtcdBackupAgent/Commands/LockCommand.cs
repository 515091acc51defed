using System.CommandLine;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Composition;
using EtcdBackupAgent.Core.Retention;
using EtcdBackupAgent.Output;
using Spectre.Console;

namespace EtcdBackupAgent.Commands;

/// <summary><c>lock extend</c>: extends the lock of a snapshot that was verified deeply.</summary>
internal static class LockCommand
{
    private const string Example =
        "etcd-backup-agent lock extend --repository s3://vault/cluster-1 --object-lock Compliance "
        + "--object-lock-days 30";

    public static Command Create(LogOptions logs, Wiring wiring) =>
        new Command("lock", "Extend the locks of snapshots in a bucket with Object Lock.")
        {
            CreateExtend(logs, wiring),
        }.WithExample(Example);

    private static Command CreateExtend(LogOptions logs, Wiring wiring)
    {
        RepositoryOptions repository = new(logs, wiring);
        OutputOptions output = new();
        Argument<string?> id = new("ID")
        {
            Description = "The snapshot (default: the newest one that was verified deeply and found sound).",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Command verb = new(
            "extend",
            "Extend the lock of a snapshot, with its base and the repository's keys, to the days of the lock from now.")
        {
            id,
        };
        repository.AddTo(verb);
        output.AddTo(verb);
        verb.SetAction(async (parsed, cancellationToken) =>
        {
            using OpenedRepository opened = await repository.OpenAsync(parsed, cancellationToken);
            LockExtension extended = await new LockExtendRun(opened.Repository).ExecuteAsync(
                parsed.GetValue(id), repository.ReadPolicyName(parsed), cancellationToken);
            output.Write(parsed, Document(extended), console => console.WriteLine(
                $"Snapshot {extended.Snapshot.Id} in {opened.Address} is locked until {extended.After}."));
            return ExitCodes.Success;
        });
        return verb.WithExample(Example);
    }

    private static JsonObject Document(LockExtension extended) => new()
    {
        ["id"] = extended.Snapshot.Id.Value,
        ["previouslyLockedUntil"] = extended.Before is { } before ? Readable.Rfc3339(before.Until) : null,
        ["lockedUntil"] = Readable.Rfc3339(extended.After.Until),
        ["lockMode"] = $"{extended.After.Mode}",
    };
}
