using System.Globalization;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Objects.Kinds;
using EtcdBackupAgent.Objects.Restoring;
using Spectre.Console;

namespace EtcdBackupAgent.Output;

/// <summary>Formats the plan and the report of a restore of objects.</summary>
internal static class ObjectRestoreText
{
    /// <summary>Field changes of one object that a plan shows as text; JSON has all.</summary>
    private const int ChangesShownMax = 20;

    public static JsonObject Document(ObjectRestorePlan plan, string source, string cluster) => new()
    {
        ["source"] = source,
        ["cluster"] = cluster,
        ["counts"] = Counts(Enum.GetValues<PlannedAction>().Select(one => (Word(one), plan.Count(one)))),
        ["missingRights"] = Texts(plan.MissingRights),
        ["unlisted"] = Texts(plan.Unlisted.Select(version => $"{version.ApiVersion}: {version.Reason}")),
        ["objects"] = new JsonArray([.. plan.Objects.Select(planned => Object(
            planned, "action", Word(planned.Action), planned.Reason, planned.Notes))]),
    };

    public static JsonObject Document(ObjectRestoreReport report, string source, string cluster) => new()
    {
        ["source"] = source,
        ["cluster"] = cluster,
        ["counts"] = Counts(Enum.GetValues<RestoreOutcome>().Select(one => (Word(one), report.Count(one)))),
        ["missingRights"] = Texts(report.MissingRights),
        ["objects"] = new JsonArray([.. report.Objects.Select(one => Object(
            one.Planned, "result", Word(one.Outcome), one.Reason, one.Notes))]),
    };

    public static void Write(IAnsiConsole console, ObjectRestorePlan plan, string cluster)
    {
        Table table = Terminal.NewTable("ACTION", "NAMESPACE", "NAME", "REASON");
        foreach (PlannedObject planned in plan.Objects)
        {
            AddRow(table, Word(planned.Action), planned.Item, ReasonOf(planned));
            foreach (FieldChange change in planned.Changes.Take(ChangesShownMax))
            {
                AddLine(table, $"{change.Path}: {change.Before ?? "(absent)"} -> {change.After ?? "(absent)"}");
            }

            if (planned.Changes.Count > ChangesShownMax)
            {
                AddLine(table, $"and {planned.Changes.Count - ChangesShownMax} more fields");
            }

            AddNotes(table, planned.Notes);
        }

        WriteTable(console, table, plan.Objects.Count);
        WriteUnlisted(console, plan.Unlisted);
        WriteRights(console, plan.MissingRights);
        console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"Plan for {cluster}: create {plan.Count(PlannedAction.Create)}, update {plan.Count(PlannedAction.Update)},"
            + $" replace {plan.Count(PlannedAction.Replace)}, skip {plan.Count(PlannedAction.Skip)},"
            + $" cannot {plan.Count(PlannedAction.Cannot)}."));
    }

    public static void Write(IAnsiConsole console, ObjectRestoreReport report, string cluster)
    {
        Table table = Terminal.NewTable("RESULT", "NAMESPACE", "NAME", "REASON");
        foreach (RestoredObject one in report.Objects)
        {
            AddRow(table, Word(one.Outcome), one.Planned.Item, one.Reason ?? one.Planned.Item.RelatedTo);
            AddNotes(table, one.Notes);
        }

        WriteTable(console, table, report.Objects.Count);
        WriteRights(console, report.MissingRights);
        console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"Restored into {cluster}: {report.Count(RestoreOutcome.Created)} created,"
            + $" {report.Count(RestoreOutcome.Updated)} updated, {report.Count(RestoreOutcome.Replaced)} replaced,"
            + $" {report.Count(RestoreOutcome.Skipped)} skipped,"
            + $" {report.Count(RestoreOutcome.Failed) + report.Count(RestoreOutcome.NotPossible)} failed."));
    }

    private static void AddRow(Table table, string action, RestoreItem item, string? reason) => table.AddRow(
        new Text(action),
        new Text(item.Target.Namespace ?? ""),
        new Text($"{item.Target.Resource}/{item.Target.Name}"),
        new Text(reason ?? ""));

    private static void AddNotes(Table table, IEnumerable<string> notes)
    {
        foreach (string note in notes)
        {
            AddLine(table, $"note: {note}");
        }
    }

    private static void AddLine(Table table, string text) =>
        table.AddRow(Text.Empty, Text.Empty, new Text($"  {text}"), Text.Empty);

    private static void WriteTable(IAnsiConsole console, Table table, int count)
    {
        if (count == 0)
        {
            console.WriteLine("No object is selected.");
            return;
        }

        console.Write(table);
    }

    private static void WriteUnlisted(IAnsiConsole console, IEnumerable<UnlistedVersion> unlisted)
    {
        foreach (UnlistedVersion version in unlisted)
        {
            console.WriteLine($"The cluster cannot list {version.ApiVersion}: {version.Reason}.");
        }
    }

    private static void WriteRights(IAnsiConsole console, IReadOnlyList<string> rights)
    {
        foreach (string right in rights)
        {
            console.WriteLine($"Missing right: {right}.");
        }
    }

    private static string? ReasonOf(PlannedObject planned) =>
        planned.Reason
        ?? (planned.NotChecked is { } notChecked
            ? string.Join("; ", new[] { planned.Item.RelatedTo, $"not checked yet: {notChecked}" }.OfType<string>())
            : planned.Item.RelatedTo);

    private static JsonObject Object(
        PlannedObject planned, string field, string word, string? reason, IEnumerable<string> notes)
    {
        RestoreItem item = planned.Item;
        JsonObject document = new()
        {
            [field] = word,
            ["apiVersion"] = item.Kind?.ApiVersion,
            ["kind"] = item.Kind?.Kind,
            ["resource"] = $"{item.Target.Resource}",
            ["namespace"] = item.Target.Namespace,
            ["name"] = item.Target.Name,
            ["reason"] = reason,
        };
        if (item.RelatedTo is { } related)
        {
            document["relatedTo"] = related;
        }

        if (planned.NotChecked is { } notChecked)
        {
            document["notChecked"] = notChecked;
        }

        if (planned.Changes.Count > 0)
        {
            document["changes"] = new JsonArray([.. planned.Changes.Select(change => new JsonObject
            {
                ["path"] = change.Path,
                ["before"] = change.Before,
                ["after"] = change.After,
            })]);
        }

        JsonArray texts = Texts(notes);
        if (texts.Count > 0)
        {
            document["notes"] = texts;
        }

        return document;
    }

    private static JsonObject Counts(IEnumerable<(string Word, int Count)> counts)
    {
        JsonObject document = [];
        foreach ((string word, int count) in counts)
        {
            document[word] = count;
        }

        return document;
    }

    private static JsonArray Texts(IEnumerable<string> texts) =>
        new([.. texts.Select(text => JsonValue.Create(text))]);

    private static string Word(PlannedAction action) => action switch
    {
        PlannedAction.Create => "create",
        PlannedAction.Update => "update",
        PlannedAction.Replace => "replace",
        PlannedAction.Skip => "skip",
        _ => "cannot",
    };

    private static string Word(RestoreOutcome outcome) => outcome switch
    {
        RestoreOutcome.Created => "created",
        RestoreOutcome.Updated => "updated",
        RestoreOutcome.Replaced => "replaced",
        RestoreOutcome.Skipped => "skipped",
        RestoreOutcome.NotPossible => "cannot",
        _ => "failed",
    };
}
