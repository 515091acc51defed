using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.KeySpaces;
using EtcdBackupAgent.Objects.Keys;
using EtcdBackupAgent.Objects.Versions;
using Spectre.Console;

namespace EtcdBackupAgent.Output;

/// <summary>Formats the versions of an object for people.</summary>
internal static class VersionsText
{
    private const string Indent = "    ";

    /// <summary>Writes which object and which history the following versions are of.</summary>
    /// <param name="console">Receives the text.</param>
    /// <param name="place">The object.</param>
    /// <param name="line">The history.</param>
    /// <param name="number">Its number, if the cluster has several: its revisions went back.</param>
    public static void WriteHeader(IAnsiConsole console, StorageKey place, KeyLine line, int? number)
    {
        string which = number is null
            ? ""
            : $", history {number}: the cluster was restored under its ID, and counts the same revisions again";
        console.WriteLine(
            $"{ChangesText.NameOf(place)} in cluster {line.ClusterId}{which}", new Style(decoration: Decoration.Bold));
    }

    /// <summary>Writes a version: its revision, its time, what happened, by whom, and the fields.</summary>
    public static void Write(IAnsiConsole console, ObjectVersion version)
    {
        Style style = version.Kind switch
        {
            ObjectVersionKind.Deleted => new Style(Color.Red),
            ObjectVersionKind.Created or ObjectVersionKind.Recreated => new Style(Color.Green),
            _ => new Style(Color.Yellow),
        };
        string what = version.Kind switch
        {
            ObjectVersionKind.FirstKnown => "first known version",
            ObjectVersionKind.Recreated => "created again",
            var kind => kind.ToString().ToLowerInvariant(),
        };
        string manager = version.Manager is { } by ? $" by {by}" : "";
        console.WriteLine($"revision {RevisionOf(version.Change)}, {TimeOf(version)}: {what}{manager}", style);
        ChangesText.Write(console, version.Fields);
        if (version.Problem is { } problem)
        {
            console.WriteLine($"{Indent}cannot be shown whole: {problem}");
        }

        if (version.MissingBefore > 0)
        {
            console.WriteLine($"{Indent}{version.MissingBefore} versions before it are not known");
        }
    }

    private static string RevisionOf(KeyVersion change) =>
        change.EarliestRevision is { } earliest && earliest < change.Revision
            ? $"{earliest} to {change.Revision}"
            : $"{change.Revision}";

    /// <summary>
    /// The time that the object itself has, if the clocks agree; otherwise between which times it was written.
    /// </summary>
    private static string TimeOf(ObjectVersion version)
    {
        (DateTimeOffset? from, DateTimeOffset? to) = (version.Change.NotBefore, version.Change.NotAfter);
        TimeSpan tolerance = ClockTolerance.ClockToleranceMax;
        return version.Manager?.Time is { } time && !(time < from - tolerance) && !(time > to + tolerance)
            ? Readable.Time(time)
            : (from, to) switch
            {
                ({ } after, { } before) when Readable.Time(after) == Readable.Time(before) => Readable.Time(before),
                ({ } after, { } before) => $"{Readable.Time(after)} to {Readable.Time(before)}",
                (null, { } before) => $"before {Readable.Time(before)}",
                ({ } after, null) => $"after {Readable.Time(after)}",
                _ => "at an unknown time",
            };
    }
}
