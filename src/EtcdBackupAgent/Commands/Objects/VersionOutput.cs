using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.KeySpaces;
using EtcdBackupAgent.Objects.Comparing;
using EtcdBackupAgent.Objects.Keys;
using EtcdBackupAgent.Objects.Printing;
using EtcdBackupAgent.Objects.Reading;
using EtcdBackupAgent.Objects.Versions;
using EtcdBackupAgent.Output;
using Spectre.Console;

namespace EtcdBackupAgent.Commands.Objects;

/// <summary>Writes the versions of an object in a format, newest first.</summary>
/// <param name="format">The format.</param>
/// <param name="place">The object.</param>
/// <param name="noise">Is left out.</param>
/// <param name="since">Versions that were written before are left out; null for none.</param>
/// <param name="limit">The number of versions; null for all.</param>
internal sealed class VersionOutput(
    ObjectFormat format, StorageKey place, Noise noise, DateTimeOffset? since, int? limit)
{
    /// <summary>Whether there was any version.</summary>
    public bool HasVersions { get; private set; }

    public void Write(KeyHistory history, ObjectReaderOptions options)
    {
        ObjectHistory versions = new(history, place, options, noise);
        (KeyLine Line, int Number)[] lines =
        [
            .. history.Lines
                .GroupBy(line => line.ClusterId)
                .SelectMany(cluster => cluster.Select((line, index) => (line, index + 1)))
                .Reverse(),
        ];
        StreamedDocument? document = format == ObjectFormat.Standard
            ? null
            : Begin(new StreamedDocument(format == ObjectFormat.Yaml, Console.Out));
        int left = limit ?? int.MaxValue;
        bool hasLogged = false;
        foreach ((KeyLine line, int number) in lines)
        {
            bool hasHeader = false;
            foreach (ObjectVersion version in versions.Of(line)
                .TakeWhile(version => since is null || !(version.Change.NotAfter < since))
                .Take(left))
            {
                if (document is null && !hasHeader)
                {
                    VersionsText.WriteHeader(Terminal.Output, place, line, IsOnly(lines, line) ? null : number);
                }

                (HasVersions, hasHeader, left) = (true, true, left - 1);
                hasLogged |= version.Change.IsInLog;
                document?.Item(VersionDocument.Of(line, number, version));
                if (document is null)
                {
                    VersionsText.Write(Terminal.Output, version);
                }
            }
        }

        if (document is not null)
        {
            document.EndList();
            document.Field("leftOut", versions.LeftOut);
            document.End();
        }
        else if (HasVersions)
        {
            WriteEnd(versions.LeftOut, hasLogged);
        }
    }

    private static bool IsOnly((KeyLine Line, int Number)[] lines, KeyLine line) =>
        lines.Count(one => one.Line.ClusterId == line.ClusterId) == 1;

    private StreamedDocument Begin(StreamedDocument document)
    {
        document.Field("resource", place.Resource.ToString());
        if (place.Namespace is not null)
        {
            document.Field("namespace", JsonValue.Create(place.Namespace));
        }

        document.Field("name", place.Name);
        document.StartList("versions");
        return document;
    }

    private void WriteEnd(long leftOut, bool hasLogged)
    {
        if (leftOut > 0)
        {
            Terminal.Output.WriteLine(
                $"{leftOut} versions are left out, because they changed only what --include includes, such as status.");
        }

        string ns = place.Namespace is null ? "" : $" -n {place.Namespace}";
        Terminal.Output.WriteLine(hasLogged
            ? $"'objects get --revision N {place.Resource}/{place.Name}{ns}' prints a version of the change log, "
                + "'-o yaml' all versions."
            : "'-o yaml' prints all versions.");
    }
}
