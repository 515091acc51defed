using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Objects.Printing;
using EtcdBackupAgent.Objects.Querying;
using EtcdBackupAgent.Output;

namespace EtcdBackupAgent.Commands.Objects;

/// <summary>Reads the selected objects of a snapshot and writes them in a format, with warnings after them.</summary>
/// <param name="space">The objects of the snapshot.</param>
/// <param name="selections">The selected ones.</param>
internal sealed class ObjectOutput(ObjectSpace space, IReadOnlyList<ObjectSelection> selections)
{
    /// <summary>Whether exactly one object is named.</summary>
    public bool IsOne => selections is [{ Names.Count: 1, Resources.Count: 1 }];

    /// <summary>Writes the objects.</summary>
    /// <param name="format">The format.</param>
    /// <param name="isList">Whether one object is written as a list too.</param>
    /// <param name="writeTable">Writes the formats that are tables.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    /// <exception cref="BackupException">
    /// A named object does not exist; the one that is written cannot be read; or the database is damaged.
    /// </exception>
    public void Write(
        ObjectFormat format,
        bool isList,
        Action<IEnumerable<FoundObject>> writeTable,
        CancellationToken cancellationToken)
    {
        UnreadObjects unread = new();
        IEnumerable<FoundObject> found =
            selections.SelectMany(selection => space.FindNamed(selection, cancellationToken));
        found = isList
            ? found.Where(unread.IsReadable)
            : [.. found.Select(item => unread.IsReadable(item) ? item : throw UnreadObjects.Failure(item))];
        if (format is ObjectFormat.Json or ObjectFormat.Yaml or ObjectFormat.Name)
        {
            using TextWriter output = Terminal.OpenResult();
            WriteText(format, isList, found, output);
        }
        else
        {
            writeTable(found);
        }

        unread.Warn();
    }

    private static void WriteText(
        ObjectFormat format, bool isList, IEnumerable<FoundObject> found, TextWriter output)
    {
        switch (format)
        {
            case ObjectFormat.Json:
                ObjectPrinter.Json(found, isList, output);
                break;
            case ObjectFormat.Yaml:
                ObjectPrinter.Yaml(found, isList, output);
                break;
            default:
                foreach (FoundObject item in found)
                {
                    output.WriteLine(ObjectTable.NameOf(item));
                }

                break;
        }
    }
}
