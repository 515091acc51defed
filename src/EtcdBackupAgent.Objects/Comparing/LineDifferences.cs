using System.Globalization;

namespace EtcdBackupAgent.Objects.Comparing;

/// <summary>What a line of a comparison of two texts is.</summary>
public enum LineKind
{
    /// <summary>The numbers of the lines that follow: <c>@@ -1,3 +1,4 @@</c>.</summary>
    Place,

    /// <summary>A line that both texts have.</summary>
    Same,

    /// <summary>A line that only the old text has.</summary>
    Removed,

    /// <summary>A line that only the new text has.</summary>
    Added,
}

/// <summary>A line of a comparison.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">The line, without a sign before it and without a line feed.</param>
public sealed record TextLine(LineKind Kind, string Text);

/// <summary>Compares two texts line by line, as <c>diff -u</c> does.</summary>
public static class LineDifferences
{
    /// <summary>The number of equal lines that are shown around a difference.</summary>
    private const int ContextLines = 3;

    private const string NoLineFeed = " (without a line feed at the end)";

    /// <summary>Whether two texts are compared line by line: one of them has several lines.</summary>
    public static bool Apply(string old, string @new) => HasLines(old) || HasLines(@new);

    /// <summary>Returns the lines that differ, with some of the lines around them.</summary>
    public static IEnumerable<TextLine> Between(string old, string @new)
    {
        bool isEndEqual = old.EndsWith('\n') == @new.EndsWith('\n');
        string[] oldLines = LinesOf(old, marksEnd: !isEndEqual);
        string[] newLines = LinesOf(@new, marksEnd: !isEndEqual);
        SequenceChange[] changes = [.. SequenceDifferences.Between(oldLines, newLines)];
        for (int first = 0, last; first < changes.Length; first = last + 1)
        {
            // Differences whose surroundings touch are shown together.
            last = first;
            while (last + 1 < changes.Length
                && changes[last + 1].OldStart - EndOf(changes[last]) <= 2 * ContextLines)
            {
                last++;
            }

            foreach (TextLine line in Part(changes[first..(last + 1)], oldLines, newLines))
            {
                yield return line;
            }
        }
    }

    private static bool HasLines(string text) =>
        text.IndexOf('\n', StringComparison.Ordinal) is >= 0 and int at && at < text.Length - 1;

    private static int EndOf(SequenceChange change) => change.OldStart + change.OldCount;

    private static IEnumerable<TextLine> Part(SequenceChange[] changes, string[] oldLines, string[] newLines)
    {
        int start = Math.Max(0, changes[0].OldStart - ContextLines);
        int end = Math.Min(oldLines.Length, EndOf(changes[^1]) + ContextLines);
        int newStart = changes[0].NewStart - (changes[0].OldStart - start);
        int newCount = end - start + changes.Sum(change => change.NewCount - change.OldCount);
        yield return new TextLine(
            LineKind.Place, $"@@ -{Range(start, end - start)} +{Range(newStart, newCount)} @@");
        int at = start;
        foreach (SequenceChange change in changes)
        {
            for (; at < change.OldStart; at++)
            {
                yield return new TextLine(LineKind.Same, oldLines[at]);
            }

            for (; at < EndOf(change); at++)
            {
                yield return new TextLine(LineKind.Removed, oldLines[at]);
            }

            for (int i = 0; i < change.NewCount; i++)
            {
                yield return new TextLine(LineKind.Added, newLines[change.NewStart + i]);
            }
        }

        for (; at < end; at++)
        {
            yield return new TextLine(LineKind.Same, oldLines[at]);
        }
    }

    /// <summary>As <c>diff -u</c> writes it: an empty part is at the line before it.</summary>
    private static string Range(int start, int count) => string.Create(
        CultureInfo.InvariantCulture, $"{(count == 0 ? start : start + 1)}{(count == 1 ? "" : $",{count}")}");

    private static string[] LinesOf(string text, bool marksEnd)
    {
        if (text.Length == 0)
        {
            return [];
        }

        string[] lines = text.Split('\n');
        if (lines[^1].Length == 0)
        {
            return lines[..^1];
        }

        lines[^1] += marksEnd ? NoLineFeed : "";
        return lines;
    }
}
