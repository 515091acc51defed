using EtcdBackupAgent.Core.Documents;

namespace EtcdBackupAgent.Core.ChangeLog;

/// <summary>
/// A series of segments of one lineage without a gap, each of which reaches further than the one before it
/// (<c>docs/spec/change-log.md</c>, "Reading").
/// </summary>
public sealed record LogPath
{
    /// <summary>The document of the lineage.</summary>
    public required LineageDocument Lineage { get; init; }

    /// <summary>The segments, at least one.</summary>
    public required IReadOnlyList<StoredSegment> Segments { get; init; }

    /// <summary>The first revision that the path contains.</summary>
    public long First => Segments[0].Name.First;

    /// <summary>The last revision; that before the first one if no segment has records.</summary>
    public long Last => Segments[^1].Name.Last;

    /// <summary>The time up to which the path is complete.</summary>
    public DateTimeOffset End => Segments.Max(segment => segment.Name.End);

    /// <summary>Finds the paths of a lineage whose document can be read, in their order.</summary>
    /// <remarks>
    /// Two writers may have stored segments that overlap, and a compaction may have been interrupted. Of the segments
    /// that can come next, the one that reaches furthest is taken; of equal ones the one with the latest end.
    /// </remarks>
    public static IReadOnlyList<LogPath> Of(LogLineage lineage)
    {
        List<LogPath> paths = [];
        if (lineage.Document is not { } document)
        {
            return paths;
        }

        List<StoredSegment> path = [];
        StoredSegment? best = null;
        foreach (StoredSegment segment in lineage.Segments)
        {
            if (path.Count > 0 && segment.Name.First > path[^1].Name.Last + 1)
            {
                TakeBest();
                if (segment.Name.First > path[^1].Name.Last + 1)
                {
                    paths.Add(new LogPath { Lineage = document, Segments = path });
                    path = [];
                }
            }

            if (segment.Name.IsEmpty && path.Count > 0 && ReachesFurther(segment.Name, path[^1].Name))
            {
                // It has no records, but says how far the log reaches in time.
                path.Add(segment);
                continue;
            }

            best = best is null || ReachesFurther(segment.Name, best.Name) ? segment : best;
            if (path.Count == 0)
            {
                TakeBest();
            }
        }

        TakeBest();
        if (path.Count > 0)
        {
            paths.Add(new LogPath { Lineage = document, Segments = path });
        }

        return paths;

        void TakeBest()
        {
            if (best is not null && (path.Count == 0 || ReachesFurther(best.Name, path[^1].Name)))
            {
                path.Add(best);
            }

            best = null;
        }
    }

    /// <summary>Returns the part of the path from the segment that contains a revision.</summary>
    /// <param name="revision">
    /// A revision. One before the path begins with its first segment; one after it, with its last segment.
    /// </param>
    public LogPath From(long revision)
    {
        int start = Math.Max(0, IndexAtMost(revision));
        return this with { Segments = [.. Segments.Skip(start)] };
    }

    /// <summary>Returns the part of the path up to the segment that contains a revision.</summary>
    public LogPath UpTo(long revision)
    {
        int end = 0;
        while (end < Segments.Count - 1 && Segments[end].Name.Last < revision)
        {
            end++;
        }

        return this with { Segments = [.. Segments.Take(end + 1)] };
    }

    private static bool ReachesFurther(SegmentName segment, SegmentName other) =>
        (segment.Last, segment.End).CompareTo((other.Last, other.End)) > 0;

    /// <summary>The last segment that begins at or before a revision.</summary>
    private int IndexAtMost(long revision)
    {
        int index = -1;
        while (index + 1 < Segments.Count && Segments[index + 1].Name.First <= revision)
        {
            index++;
        }

        return index;
    }
}
