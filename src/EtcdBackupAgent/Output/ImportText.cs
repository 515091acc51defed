using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Imports;
using Spectre.Console;

namespace EtcdBackupAgent.Output;

/// <summary>How a snapshot was imported, as text.</summary>
internal static class ImportText
{
    /// <summary>The lines of <c>show</c>.</summary>
    public static IEnumerable<(string Name, string Value)> Lines(SnapshotImport import)
    {
        yield return (
            "Imported",
            $"{Readable.Time(import.ImportedAt)} from {import.File ?? "standard input"}"
                + (import.Packing is { } packing ? $" ({PackingText(packing)})" : ""));
        yield return ("  time", import.TakenAtFrom == ImportTime.File ? "that of the file" : "given by the user");
        yield return ("  cluster", ClusterIdText(import.ClusterIdFrom));
        if (import.ClusterVersion is { } version)
        {
            yield return ("  version", $"{version}, which all members supported");
        }

        if (import.TrailerAppended)
        {
            yield return ("  trailer", "etcd's SHA-256 was appended by the agent");
        }
    }

    /// <summary>The result of <c>import</c>.</summary>
    public static void Write(IAnsiConsole console, ImportOutcome outcome)
    {
        SnapshotManifest manifest = outcome.Manifest;
        if (outcome.Existed)
        {
            console.WriteLine(
                $"Snapshot {manifest.Id} of {Readable.Time(manifest.StartedAt)}, policy {manifest.Policy}, already has "
                + "this content. Nothing was stored.");
            return;
        }

        console.WriteLine(
            $"Import completed, snapshot ID: {manifest.Id}{(manifest.Name is { } name ? $", name: {name}" : "")}");
        console.WriteLine(
            $"Taken at {Readable.Time(manifest.StartedAt)}, {Readable.Bytes(manifest.PlainBytes)} stored as "
            + $"{Readable.Bytes(manifest.StoredBytes)}, etcd revision {manifest.Revision}, {outcome.Report.LiveKeys} "
            + $"keys, in {outcome.Address}");
        console.WriteLine(
            $"Etcd cluster {manifest.ClusterId}: {ClusterIdText(manifest.Import!.ClusterIdFrom)}");
        if (manifest.Import.TrailerAppended)
        {
            console.WriteLine("The file had no SHA-256 of etcd at its end; the agent appended it.");
        }
    }

    /// <summary>Where the ID of the cluster is from.</summary>
    private static string ClusterIdText(ImportClusterId from) => from switch
    {
        ImportClusterId.Given => "ID given by the user",
        ImportClusterId.Known => "ID of other snapshots of the repository, which fits the members of the file",
        _ => "ID computed from the members of the file",
    };

    private static string PackingText(ImportPacking packing) => packing switch
    {
        ImportPacking.Gzip => "gzip",
        ImportPacking.Zlib => "zlib",
        ImportPacking.Zip => "zip",
        _ => "zstd",
    };
}
