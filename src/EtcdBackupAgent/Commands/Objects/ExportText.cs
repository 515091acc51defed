using System.Text.Json.Nodes;
using EtcdBackupAgent.Objects.Exporting;
using Spectre.Console;

namespace EtcdBackupAgent.Commands.Objects;

/// <summary>Formats what an export wrote, and what it left out.</summary>
internal static class ExportText
{
    public static JsonObject Document(ExportSummary summary, UnreadObjects unread, long unknownKeys) => new()
    {
        ["directory"] = summary.Directory,
        ["objects"] = summary.Objects,
        ["files"] = summary.Files,
        ["secrets"] = summary.Secrets,
        ["omitted"] = Counts(summary.Omitted.Select(pair => (pair.Key, pair.Value))),
        ["unread"] = Counts(unread.Unread.Select(pair => (pair.Key, (long)pair.Value))),
        ["readInPart"] = Counts(unread.InPart.Select(pair => (pair.Key, (long)pair.Value))),
        ["unknownKeys"] = unknownKeys,
    };

    public static void Write(IAnsiConsole console, ExportSummary summary)
    {
        console.WriteLine($"{summary.Files} files are written to {summary.Directory}.");
        if (summary.Omitted.Count > 0)
        {
            console.WriteLine("Left out:");
            foreach ((string reason, long count) in summary.Omitted)
            {
                console.WriteLine($"  {count} {reason}");
            }
        }
    }

    /// <summary>Writes warnings about what the user must know.</summary>
    public static void Warn(ExportSummary summary, long unknownKeys)
    {
        if (summary.Secrets > 0)
        {
            FailureText.WriteWarning(
                $"{summary.Secrets} Secrets are written with their values, each in a file that only its owner can "
                + "read. git does not keep the mode of a file.");
        }

        if (unknownKeys > 0)
        {
            FailureText.WriteWarning(
                $"{unknownKeys} keys below a prefix of an API server are of no known form, and are not written.");
        }
    }

    private static JsonArray Counts(IEnumerable<(string Reason, long Objects)> counts) => new(
    [
        .. counts.Select(count => new JsonObject { ["reason"] = count.Reason, ["objects"] = count.Objects }),
    ]);
}
