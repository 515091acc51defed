using System.CommandLine;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Commands.Keys;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Verification;
using EtcdBackupAgent.Output;
using Spectre.Console;

namespace EtcdBackupAgent.Commands;

/// <summary><c>verify</c>: reads snapshots as a restore would and says whether they are sound.</summary>
internal static class VerifyCommand
{
    public static Command Create(LogOptions logs)
    {
        RepositoryOptions repository = new();
        KeyOptions keys = new();
        OutputOptions output = new();
        Argument<string?> id = new("ID")
        {
            Description = "The snapshot: its ID, the beginning of it, or 'latest'.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Option<bool> all = new("--all") { Description = "Verify every snapshot of the repository." };

        Command verb = new("verify", "Read a snapshot as a restore would, and check every byte.") { id, all };
        repository.AddTo(verb);
        keys.AddTo(verb);
        output.AddTo(verb);
        verb.SetAction(async (parsed, cancellationToken) =>
        {
            string? idText = parsed.GetValue(id);
            if (parsed.GetValue(all) == (idText is not null))
            {
                throw new BackupException(FailureReason.InvalidInput, "verify takes either one snapshot ID or --all.")
                {
                    Hint = "'etcd-backup-agent verify latest' checks the newest one.",
                };
            }

            using OpenedRepository opened = await repository.OpenAsync(parsed, logs, cancellationToken);
            using OpenedKeys own = await keys.ReadAsync(parsed, opened, required: false, cancellationToken);
            VerifyRun run = new(opened.Repository, own.Identities);
            IReadOnlyList<VerifyOutcome> outcomes = await TransferDisplay.ShowAsync<IReadOnlyList<VerifyOutcome>>(
                async progress => idText is null
                    ? await CollectAsync(run.VerifyAllAsync(progress, cancellationToken))
                    : [await run.VerifyAsync(idText, progress, cancellationToken)]);
            output.Write(parsed, Document(outcomes), console => WriteText(console, outcomes, opened.Address));
            return outcomes.All(o => o.IsSound) ? ExitCodes.Success : ExitCodes.Of(FailureReason.DataDamaged);
        });
        return verb.WithExample(
            "etcd-backup-agent verify latest --repository file:///var/backups/etcd\n"
            + "etcd-backup-agent verify --all --resources /etc/etcd-backup-agent --location remote-minio");
    }

    private static async Task<IReadOnlyList<VerifyOutcome>> CollectAsync(IAsyncEnumerable<VerifyOutcome> outcomes)
    {
        List<VerifyOutcome> collected = [];
        await foreach (VerifyOutcome outcome in outcomes)
        {
            collected.Add(outcome);
        }

        return collected;
    }

    private static JsonArray Document(IEnumerable<VerifyOutcome> outcomes) =>
    [
        .. outcomes.Select(o => new JsonObject
        {
            ["id"] = o.Folder.Id.Value,
            ["sound"] = o.IsSound,
            ["notOpened"] = new JsonArray([.. o.NotOpened.Select(a => JsonValue.Create(a.Key.Value))]),
            ["problems"] = new JsonArray([.. o.Problems.Select(p => JsonValue.Create(p.Message))]),
        }),
    ];

    private static void WriteText(IAnsiConsole console, IReadOnlyList<VerifyOutcome> outcomes, string address)
    {
        if (outcomes.Count == 0)
        {
            console.WriteLine($"There is no snapshot in {address} yet.");
        }

        foreach (VerifyOutcome outcome in outcomes)
        {
            string bytes = outcome.Manifest is { } manifest ? $" ({Readable.Bytes(manifest.PlainBytes)})" : "";
            console.Write($"{outcome.Folder.Id}: ");
            console.Write(outcome.IsSound ? "sound" : "DAMAGED", new Style(outcome.IsSound ? Color.Green : Color.Red));
            console.WriteLine(bytes);
            foreach (ArtifactManifest artifact in outcome.NotOpened)
            {
                console.WriteLine(
                    $"  {artifact.Key}: stored bytes only; what is inside was not checked, since it is encrypted and no key was given");
            }

            foreach (BackupException problem in outcome.Problems)
            {
                console.WriteLine($"  {problem.Message}");
            }
        }
    }
}
