using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Verification;
using EtcdBackupAgent.Snapshots.Verification;
using Spectre.Console;

namespace EtcdBackupAgent.Output;

/// <summary>Formats the results of deep verifications.</summary>
internal static class VerificationText
{
    private static readonly Style Good = new(Color.Green);
    private static readonly Style Bad = new(Color.Red);

    /// <summary>Writes the result for one snapshot, with each check and every problem.</summary>
    public static void Write(IAnsiConsole console, DeepVerifyOutcome outcome)
    {
        console.Write(outcome.Revision is { } restored
            ? $"{outcome.Folder.Id} at revision {restored.Revision}: "
            : $"{outcome.Folder.Id}: ");
        console.WriteLine(
            outcome.IsSound ? "sound" : outcome.PointProblem is null ? "DAMAGED" : "NO RESTORE POINT",
            outcome.IsSound ? Good : Bad);
        if (outcome.Revision?.Default is { } point)
        {
            console.WriteLine($"  the restore point of the snapshot{(point.Reason is { } why ? $": {why}" : "")}");
        }

        if (outcome.Revision?.Time is { } time)
        {
            console.WriteLine($"  {WindowText.Text(time)}");
        }

        if (outcome.Proof is { } proof)
        {
            console.WriteLine(
                $"  proven: the change log has what the cluster had, from revision {proof.FromRevision} to "
                + $"{proof.ToRevision}");
        }

        foreach (VerificationCheck check in outcome.Record?.Checks ?? [])
        {
            console.Write($"  {check.Part}: ");
            console.Write(ResultText(check.Result), check.Result switch
            {
                CheckResult.Passed => Good,
                CheckResult.Failed => Bad,
                _ => new Style(Color.Yellow),
            });
            console.WriteLine($", {check.Detail}");
            foreach (string problem in check.Problems)
            {
                console.WriteLine($"    {problem}");
            }
        }

        if ((outcome.ManifestProblem ?? outcome.PointProblem) is { } unreadable)
        {
            console.WriteLine($"  {unreadable.Message}");
        }
    }

    /// <summary>One object for each snapshot: whether it is sound, whether that is recorded, and the record.</summary>
    public static JsonArray Document(IEnumerable<DeepVerifyOutcome> outcomes) =>
        new([.. outcomes.Select(Document)]);

    /// <summary>The last deep verification, with one line for each fact, to follow those of the snapshot.</summary>
    public static IEnumerable<(string Name, string Value)> Details(Snapshot snapshot)
    {
        if (snapshot.VerificationProblem is { } problem)
        {
            yield return ("Verification", $"a record is ignored: {problem.Message}");
        }

        if (snapshot.Verification is not { } record)
        {
            yield return ("Verified", "never deeply");
            yield break;
        }

        yield return (
            "Verified",
            $"{record.Result} at {Readable.Time(record.CompletedAt)}, in "
            + $"{Readable.Duration(record.CompletedAt - record.StartedAt)}, "
            + $"by agent {record.AgentVersion}");
        foreach (VerificationCheck check in record.Checks)
        {
            yield return ($"  {check.Part}", $"{ResultText(check.Result)}, {check.Detail}");
            foreach (string found in check.Problems)
            {
                yield return ("    problem", found);
            }
        }
    }

    private static JsonObject Document(DeepVerifyOutcome outcome)
    {
        JsonObject document = new()
        {
            ["id"] = outcome.Folder.Id.Value,
            ["sound"] = outcome.IsSound,
            ["verification"] = outcome.Record?.ToJson(),
        };
        if (WindowText.Document(outcome.Revision) is { } revision)
        {
            document["restoredRevision"] = revision;
        }

        if (outcome.Proof is { } proof)
        {
            document["proof"] = new JsonObject
            {
                ["lineage"] = proof.Lineage.Value,
                ["fromRevision"] = proof.FromRevision,
                ["toRevision"] = proof.ToRevision,
                ["provenBy"] = proof.ProvenBy.Value,
            };
        }

        if ((outcome.ManifestProblem ?? outcome.PointProblem) is { } unreadable)
        {
            document["problem"] = unreadable.Message;
        }

        if (outcome.RecordFailure is { } failure)
        {
            document["recordProblem"] = failure.Message;
        }

        return document;
    }

    private static string ResultText(CheckResult result) => result switch
    {
        CheckResult.Passed => "passed",
        CheckResult.Failed => "FAILED",
        _ => "not checked",
    };
}
