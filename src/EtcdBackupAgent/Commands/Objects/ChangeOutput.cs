using System.Text.Json.Nodes;
using EtcdBackupAgent.Objects.Comparing;
using EtcdBackupAgent.Objects.Printing;
using EtcdBackupAgent.Output;
using Spectre.Console;

namespace EtcdBackupAgent.Commands.Objects;

/// <summary>Writes the differences of a comparison in a format, each as it is found.</summary>
internal sealed class ChangeOutput
{
    private readonly ObjectFormat _format;
    private readonly IComparedObjects _old;
    private readonly IComparedObjects _new;
    private readonly StreamedDocument? _document;
    private readonly Dictionary<ObjectChangeKind, int> _counts = [];

    public ChangeOutput(ObjectFormat format, IComparedObjects old, IComparedObjects @new)
    {
        (_format, _old, _new) = (format, old, @new);
        if (format is ObjectFormat.Json or ObjectFormat.Yaml)
        {
            _document = new StreamedDocument(format == ObjectFormat.Yaml, Console.Out);
            _document.Field("old", ChangeDocument.Of(old));
            _document.Field("new", ChangeDocument.Of(@new));
            _document.StartList("changes");
        }
    }

    /// <summary>Whether anything differs.</summary>
    public bool HasChanges => _counts.Count > 0;

    public void Write(ObjectChange change)
    {
        _counts[change.Kind] = CountOf(change.Kind) + 1;
        if (_document is not null)
        {
            _document.Item(ChangeDocument.Of(change));
        }
        else if (_format == ObjectFormat.Name)
        {
            Console.Out.WriteLine(ObjectTable.NameOf(change.Place, change.Type));
        }
        else
        {
            ChangesText.Write(Terminal.Output, change);
        }
    }

    /// <summary>Writes the counts.</summary>
    public void Finish()
    {
        if (_document is not null)
        {
            _document.EndList();
            _document.Field("counts", new JsonObject
            {
                ["added"] = CountOf(ObjectChangeKind.Added),
                ["removed"] = CountOf(ObjectChangeKind.Removed),
                ["changed"] = CountOf(ObjectChangeKind.Changed),
            });
            _document.End();
        }
        else if (_format != ObjectFormat.Name)
        {
            Terminal.Output.WriteLine(
                $"{CountOf(ObjectChangeKind.Added)} added, {CountOf(ObjectChangeKind.Removed)} removed, "
                + $"{CountOf(ObjectChangeKind.Changed)} changed: from {Text(_old)} to {Text(_new)}.");
        }
    }

    private int CountOf(ObjectChangeKind kind) => _counts.GetValueOrDefault(kind);

    private static string Text(IComparedObjects side) =>
        side.Revision is { } revision && !side.Name.Contains("revision", StringComparison.Ordinal)
            ? $"{side.Name} (revision {revision})"
            : side.Name;
}
