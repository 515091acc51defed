using System.Globalization;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.ChangeLog;
using EtcdBackupAgent.Core.RestorePoints;
using EtcdBackupAgent.Core.Restores;
using Spectre.Console;

namespace EtcdBackupAgent.Output;

/// <summary>Formats the times that can be restored to the second, and revisions with their times.</summary>
internal static class WindowText
{
    /// <summary>One object for each window, and for each lineage that cannot be read.</summary>
    public static JsonObject Document(IReadOnlyList<RestoreWindow> windows, LogInventory logs) => new()
    {
        ["windows"] = new JsonArray([.. windows.Select(Document)]),
        ["unreadable"] = new JsonArray(
        [
            .. logs.Lineages.Where(l => l.Problem is not null).Select(l => new JsonObject
            {
                ["lineage"] = l.Id.Value,
                ["problem"] = l.Problem!.Message,
            }),
        ]),
    };

    /// <summary>A sentence for each window, with the hole after it.</summary>
    public static void Write(IAnsiConsole console, IReadOnlyList<RestoreWindow> windows)
    {
        RestoreWindow? previous = null;
        foreach (RestoreWindow window in windows)
        {
            if (previous is null || previous.Policy != window.Policy || previous.ClusterId != window.ClusterId)
            {
                console.WriteLine($"{window.Policy}, etcd cluster {window.ClusterId}:");
            }
            else if (window.From > previous.To)
            {
                console.WriteLine(
                    $"  nothing between {Time(previous.To)} and {Time(window.From)}"
                    + (previous.EndReason is { } why ? $": {why}" : ""),
                    new Style(Color.Yellow));
            }

            console.WriteLine(
                $"  any second from {Time(window.From)} to {Time(window.To)}, revisions {window.FromRevision} to "
                + $"{window.ToRevision}, from {window.Bases.Count} "
                + $"{(window.Bases.Count == 1 ? "snapshot" : "snapshots")} and {window.Path.Segments.Count} segments, "
                + (window.ProvenUntil is { } proven ? $"proven until {Time(proven)}" : "not proven yet"));
            previous = window;
        }
    }

    /// <summary>What is known about a revision and its time, with one line for each fact.</summary>
    public static IEnumerable<(string Name, string Value)> Facts(RestoredRevision restored)
    {
        yield return (
            "Revision",
            restored.Default is { } point
                ? $"{restored.Revision}, the restore point of the snapshot{(point.Reason is { } why ? $": {why}" : "")}"
                : $"{restored.Revision}, from the snapshot and {restored.Merge.LogRecords} records of "
                    + $"{restored.Segments} segments");
        if (restored.Time is { } time)
        {
            yield return ("Moment", Text(time));
        }

        if (restored.Merge.GoneLeases > 0)
        {
            yield return (
                "Leases",
                $"{restored.Merge.GoneLeases} had already expired when the log was written: their keys expire one "
                + "second after the start");
        }
    }

    /// <summary>One object for a revision that was restored.</summary>
    public static JsonObject? Document(RestoredRevision? restored) => restored is null
        ? null
        : new JsonObject
        {
            ["revision"] = restored.Revision,
            ["time"] = Document(restored.Time),
            ["restorePoint"] = PointText.Document(restored.Default),
            ["logRecords"] = restored.Merge.LogRecords,
            ["equalRecords"] = restored.Merge.EqualRecords,
            ["segments"] = restored.Segments,
            ["addedLeases"] = restored.Merge.LogLeases,
            ["goneLeases"] = restored.Merge.GoneLeases,
        };

    /// <summary>One object for what is known about a moment; null for none.</summary>
    public static JsonObject? Document(RevisionTime? time) => time is null
        ? null
        : new JsonObject
        {
            ["moment"] = Json(time.Moment),
            ["exact"] = time.IsExact,
            ["completeBefore"] = Json(time.CompleteBefore),
            ["completeAfter"] = Json(time.CompleteAfter.Time),
            ["revisionAfter"] = time.CompleteAfter.Revision,
            ["nextReceivedAt"] = time.NextReceivedAt is { } next ? Json(next) : null,
            ["catchUp"] = time.IsCatchUp,
        };

    /// <summary>A sentence about how certain the revision of a moment is.</summary>
    public static string Text(RevisionTime time)
    {
        string state = $"{Precise(time.Moment)}: every change that had been received by then";
        if (time.IsExact)
        {
            return $"{state}; no other had been written";
        }

        string later = $"changes up to revision {time.CompleteAfter.Revision} were received later, and at the earliest "
            + $"written after {Precise(time.CompleteBefore)}";
        return time.IsCatchUp
            ? $"{state}; the log was interrupted then: {later}"
            : $"{state}; {later}"
                + (time.NextReceivedAt is { } next ? $", the first of them received at {Precise(next)}" : "");
    }

    private static JsonObject Document(RestoreWindow window) => new()
    {
        ["policy"] = window.Policy.ToString(),
        ["clusterId"] = window.ClusterId.ToString(),
        ["lineage"] = window.Path.Lineage.Id.Value,
        ["from"] = Json(window.From),
        ["to"] = Json(window.To),
        ["fromRevision"] = window.FromRevision,
        ["toRevision"] = window.ToRevision,
        ["provenUntil"] = window.ProvenUntil is { } proven ? Json(proven) : null,
        ["provenRevision"] = window.ProvenRevision,
        ["snapshots"] = new JsonArray([.. window.Bases.Select(s => JsonValue.Create(s.Id.Value))]),
        ["segments"] = window.Path.Segments.Count,
        ["storedBytes"] = window.Path.Segments.Sum(s => s.SizeBytes),
        ["endReason"] = window.EndReason,
    };

    private static string Time(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static string Precise(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.FFF'Z'", CultureInfo.InvariantCulture);

    private static string Json(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFF'Z'", CultureInfo.InvariantCulture);
}
