using EtcdBackupAgent.Objects.Comparing;
using EtcdBackupAgent.Objects.Keys;
using EtcdBackupAgent.Objects.Printing;
using Spectre.Console;

namespace EtcdBackupAgent.Output;

/// <summary>Formats changes of objects and of their fields for people: a sign, the place, and both values.</summary>
internal static class ChangesText
{
    private const string FieldIndent = "    ";

    private static readonly Style Added = new(Color.Green);
    private static readonly Style Removed = new(Color.Red);
    private static readonly Style Changed = new(Color.Yellow);
    private static readonly Style Place = new(Color.Blue);

    /// <summary>Returns an object as text: <c>deployments.apps web/shop</c>.</summary>
    public static string NameOf(StorageKey place) =>
        $"{place.Resource} {(place.Namespace is { } ns ? $"{ns}/" : "")}{place.Name}";

    /// <summary>Writes an object that differs, and its fields.</summary>
    public static void Write(IAnsiConsole console, ObjectChange change)
    {
        (char sign, Style style) = change.Kind switch
        {
            ObjectChangeKind.Added => ('+', Added),
            ObjectChangeKind.Removed => ('-', Removed),
            _ => ('~', Changed),
        };
        string note = change.IsRecreated ? " (deleted and created again)" : "";
        Line(console, $"{sign} {NameOf(change.Place)}{note}", style);
        Write(console, change.Fields);
        if (change.Problem is { } problem)
        {
            Line(console, $"{FieldIndent}differs, cannot be shown: {problem}", Style.Plain);
        }
    }

    /// <summary>Writes fields that differ.</summary>
    public static void Write(IAnsiConsole console, IReadOnlyList<FieldChange> changes)
    {
        foreach (FieldChange change in changes)
        {
            switch (change.Kind)
            {
                case FieldChangeKind.Added:
                    Line(console, $"  + {change.Path}: {ChangeValues.Text(change.New)}", Added);
                    break;
                case FieldChangeKind.Removed:
                    Line(console, $"  - {change.Path}: {ChangeValues.Text(change.Old)}", Removed);
                    break;
                case FieldChangeKind.Reordered:
                    Line(
                        console,
                        $"{FieldIndent}{change.Path}: order {ChangeValues.Text(change.Old)} -> "
                        + ChangeValues.Text(change.New),
                        Style.Plain);
                    break;
                default:
                    WriteChanged(console, change);
                    break;
            }
        }
    }

    private static void WriteChanged(IAnsiConsole console, FieldChange change)
    {
        TextLine[] lines = [.. ChangeValues.Lines(change)];
        if (lines.Length == 0)
        {
            console.Write($"{FieldIndent}{change.Path}: ", Style.Plain);
            console.Write(ChangeValues.Text(change.Old), Removed);
            console.Write(" -> ", Style.Plain);
            Line(console, ChangeValues.Text(change.New), Added);
            return;
        }

        Line(console, $"{FieldIndent}{change.Path}:", Style.Plain);
        foreach (TextLine line in lines)
        {
            (string sign, Style style) = line.Kind switch
            {
                LineKind.Added => ("+", Added),
                LineKind.Removed => ("-", Removed),
                LineKind.Place => ("", Place),
                _ => (" ", Style.Plain),
            };
            Line(console, $"{FieldIndent}  {sign}{line.Text}", style);
        }
    }

    private static void Line(IAnsiConsole console, string text, Style style) => console.WriteLine(text, style);
}
