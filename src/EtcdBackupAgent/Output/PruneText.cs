using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Retention;
using Spectre.Console;

namespace EtcdBackupAgent.Output;

/// <summary>Formats the result of a prune.</summary>
internal static class PruneText
{
    public static string Summary(PruneReport report, bool dryRun)
    {
        int removed = report.Removed.Count();
        string[] parts =
        [
            .. new[]
            {
                Quantity(removed, "snapshot"),
                Quantity(report.ChangeLog.Segments.Count, "segment", " of the change log"),
                Quantity(report.UnreferencedObjects.Count, "object", " of unfinished backups"),
                Quantity(report.StaleUploads.Count, "unfinished upload"),
            }.OfType<string>(),
        ];
        string what = parts.Length == 0
            ? dryRun ? "Nothing would be removed" : "Nothing was removed"
            : $"{(dryRun ? "Would remove" : "Removed")} {string.Join(", ", parts)}";
        int kept = report.Decisions.Count - removed;
        return report.Decisions.Count == 0
            ? $"{what}."
            : $"{what}; {Quantity(kept, "snapshot") ?? "no snapshot"} of the policy kept{LockedText(report)}.";
    }

    /// <summary>What only its lock keeps, as the end of a sentence; empty if there is nothing.</summary>
    private static string LockedText(PruneReport report) => report.OnlyLocked.ToArray() is [_, ..] locked
        ? $", {Quantity(locked.Length, "snapshot")} of them with {Readable.Bytes(StoredBytes(locked))} only because "
            + $"locked, until {Readable.Time(locked.Max(d => d.Snapshot.Lock!.Until))} at the latest"
        : "";

    private static long StoredBytes(IEnumerable<RetentionDecision> decisions) =>
        decisions.Sum(d => d.Snapshot.Manifest.StoredBytes);

    private static string? Quantity(int number, string noun, string after = "") =>
        number == 0 ? null : $"{number} {noun}{(number == 1 ? "" : "s")}{after}";

    public static void Write(IAnsiConsole console, PruneReport report, bool dryRun)
    {
        if (report.Decisions.Count > 0)
        {
            Table table = Terminal.NewTable("ID", "STARTED", "ACTION", "WHY");
            foreach (RetentionDecision decision in report.Decisions)
            {
                table.AddRow(
                    new Text(decision.Snapshot.Id.Value),
                    new Text(Readable.Time(decision.Snapshot.Folder.StartedAt)),
                    new Text(decision.IsOnlyLocked ? "locked" : decision.Keep ? "keep" : "remove"),
                    new Text(decision.Reason));
            }

            console.Write(table);
        }

        foreach (IGrouping<(LineageId Lineage, string Reason), LogPruneDecision> some in BySegmentReason(report))
        {
            console.WriteLine(
                $"{Quantity(some.Count(), "segment")} of the change log, revisions {some.First().Segment.First} to "
                + $"{some.Last().Segment.Last}: {some.First().Reason}.");
        }

        foreach (string line in report.Unreadable.Select(u => $"{u.Folder.Id} is not touched: {u.Problem.Message}"))
        {
            console.WriteLine(line);
        }

        console.WriteLine(Summary(report, dryRun));
    }

    public static JsonObject Document(PruneReport report, bool dryRun) => new()
    {
        ["dryRun"] = dryRun,
        ["decisions"] = new JsonArray([.. report.Decisions.Select(d => new JsonObject
        {
            ["id"] = d.Snapshot.Id.Value,
            ["keep"] = d.Keep,
            ["reason"] = d.Reason,
            ["lockedUntil"] = d.Snapshot.Lock is { } found ? Readable.Rfc3339(found.Until) : null,
        })]),
        ["locked"] = new JsonObject
        {
            ["snapshots"] = report.OnlyLocked.Count(),
            ["storedBytes"] = StoredBytes(report.OnlyLocked),
        },
        ["changeLog"] = new JsonArray([.. BySegmentReason(report).Select(some => new JsonObject
        {
            ["lineage"] = some.First().Segment.Lineage.Value,
            ["segments"] = some.Count(),
            ["firstRevision"] = some.First().Segment.First,
            ["lastRevision"] = some.Last().Segment.Last,
            ["reason"] = some.First().Reason,
        })]),
        ["unreferencedObjects"] = new JsonArray(
            [.. report.UnreferencedObjects.Select(o => JsonValue.Create(o.Key.Value))]),
        ["staleUploads"] = new JsonArray([.. report.StaleUploads.Select(u => JsonValue.Create(u.Key))]),
        ["future"] = new JsonArray([.. report.FromFuture.Select(s => JsonValue.Create(s.Id.Value))]),
        ["unreadable"] = new JsonArray([.. report.Unreadable.Select(u => JsonValue.Create(u.Folder.Id.Value))]),
        ["warnings"] = new JsonArray([.. report.Warnings.Select(w => JsonValue.Create(w))]),
    };

    /// <summary>The removed segments of each lineage, by the reason.</summary>
    private static IEnumerable<IGrouping<(LineageId Lineage, string Reason), LogPruneDecision>> BySegmentReason(
        PruneReport report) => report.ChangeLog.Segments.GroupBy(s => (s.Segment.Lineage, s.Reason));
}
