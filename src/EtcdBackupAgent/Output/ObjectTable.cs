using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Objects.Keys;
using EtcdBackupAgent.Objects.Kinds;
using EtcdBackupAgent.Objects.Printing;
using EtcdBackupAgent.Objects.Querying;
using Spectre.Console;

namespace EtcdBackupAgent.Output;

/// <summary>Formats objects as tables, in the manner of kubectl.</summary>
internal static class ObjectTable
{
    /// <summary>The number of characters that are written at once.</summary>
    private const int BufferedCharactersMin = 1 << 15;

    /// <summary>Returns the kind and the name as <c>kubectl get -o name</c> prints them.</summary>
    public static string NameOf(FoundObject item) => NameOf(item.Place, item.Content.Kind);

    /// <param name="place">The place of the object.</param>
    /// <param name="kind">Its kind; null if it is not known.</param>
    /// <inheritdoc cref="NameOf(FoundObject)"/>
    public static string NameOf(StorageKey place, GroupVersionKind? kind)
    {
        string name = (kind?.Kind ?? place.Resource.Resource).ToLowerInvariant();
        string group = place.Resource.Group;
        return group.Length == 0 ? $"{name}/{place.Name}" : $"{name}.{group}/{place.Name}";
    }

    /// <summary>Writes one line for each object.</summary>
    /// <param name="console">Receives the table.</param>
    /// <param name="objects">The objects.</param>
    /// <param name="columns">The columns between the name and the age.</param>
    /// <param name="isOfAllNamespaces">Whether the namespace is a column.</param>
    /// <param name="now">The time that ages are relative to.</param>
    public static void Write(
        IAnsiConsole console,
        IEnumerable<FoundObject> objects,
        IReadOnlyList<ObjectColumn> columns,
        bool isOfAllNamespaces,
        DateTimeOffset now)
    {
        string[] first = isOfAllNamespaces ? ["NAMESPACE", "NAME"] : ["NAME"];
        bool isMixed = false;
        GroupResource? resource = null;
        List<(string Plain, string Qualified, string[] Cells, string Namespace)> rows = [];
        foreach (FoundObject item in objects)
        {
            isMixed |= resource is not null && resource != item.Place.Resource;
            resource = item.Place.Resource;
            using JsonDocument document = item.Content.OpenJson();
            rows.Add((
                item.Place.Name,
                NameOf(item),
                [.. columns.Select(column => OneLine(column.Read(document.RootElement, now)))],
                item.Place.Namespace ?? ""));
        }

        if (rows.Count == 0)
        {
            console.WriteLine("No such objects.");
            return;
        }

        Write(
            console,
            [.. first, .. columns.Select(column => column.Header)],
            [
                .. rows.Select(string[] (row) =>
                    isOfAllNamespaces
                        ? [row.Namespace, isMixed ? row.Qualified : row.Plain, .. row.Cells]
                        : [isMixed ? row.Qualified : row.Plain, .. row.Cells]),
            ]);
    }

    /// <summary>
    /// Writes a table as <see cref="Terminal.NewTable"/> looks, which would need seconds for 100,000 objects.
    /// </summary>
    private static void Write(IAnsiConsole console, string[] headers, IReadOnlyList<string[]> rows)
    {
        int[] widths =
        [
            .. headers.Select((header, i) => Math.Max(WidthOf(header), rows.Max(row => WidthOf(row[i])))),
        ];
        console.WriteLine(
            Append(new StringBuilder(), headers, widths).ToString(), new Style(decoration: Decoration.Bold));
        StringBuilder lines = new();
        foreach (string[] row in rows)
        {
            Append(lines, row, widths).AppendLine();
            if (lines.Length >= BufferedCharactersMin)
            {
                console.Profile.Out.Writer.Write(lines);
                lines.Clear();
            }
        }

        console.Profile.Out.Writer.Write(lines);
    }

    private static StringBuilder Append(StringBuilder line, string[] cells, int[] widths)
    {
        for (int i = 0; i < cells.Length; i++)
        {
            line.Append(' ', i == 0 ? 0 : 1).Append(cells[i]).Append(' ', widths[i] - WidthOf(cells[i]));
        }

        return line;
    }

    /// <summary>The columns that a text without control characters takes: Spectre looks each character up.</summary>
    private static int WidthOf(string text) => Ascii.IsValid(text) ? text.Length : text.GetCellWidth();

    /// <summary>A value of an object must not move the cursor of a terminal, or begin a line.</summary>
    private static string OneLine(string text) =>
        text.AsSpan().ContainsAnyInRange('\0', '\u001f') || text.AsSpan().ContainsAnyInRange('\u007f', '\u009f')
            ? string.Concat(text.Select(one => char.IsControl(one) ? ' ' : one))
            : text;

    /// <summary>Writes how many objects there are of each resource.</summary>
    public static void Write(IAnsiConsole console, ObjectCounts counts)
    {
        Table table = Terminal.NewTable("RESOURCE", "OBJECTS");
        foreach ((string name, long count) in counts.Resources)
        {
            table.AddRow(new Text(name), new Text(count.ToString(CultureInfo.InvariantCulture)));
        }

        console.Write(table);
        foreach ((long count, string what) in new[]
        {
            (counts.Unknown, "keys below a prefix of an API server are of no known form"),
            (counts.ServerData, "keys are the API server's own"),
            (counts.Foreign, "keys are of other programs"),
        })
        {
            if (count > 0)
            {
                console.WriteLine($"{count} {what}.");
            }
        }
    }

    /// <summary>The counts as a document.</summary>
    public static JsonObject Document(ObjectCounts counts) => new()
    {
        ["resources"] = new JsonObject(counts.Resources.Select(
            pair => KeyValuePair.Create(pair.Key, (JsonNode?)JsonValue.Create(pair.Value)))),
        ["unknownKeys"] = counts.Unknown,
        ["serverKeys"] = counts.ServerData,
        ["foreignKeys"] = counts.Foreign,
    };
}
