using EtcdBackupAgent.Core.ChangeLog;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Snapshots.ChangeLog;

namespace EtcdBackupAgent.Core.RestorePoints;

/// <summary>Finds the revision of a moment: reads the segments that cover it, usually one.</summary>
internal sealed class MomentLookup(SegmentFetch fetch)
{
    /// <summary>Returns the highest revision that had been received at a moment.</summary>
    /// <param name="path">A path that reaches the moment.</param>
    /// <param name="moment">The moment.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.DataDamaged"/>, <see cref="FailureReason.KeyRefused"/>, or the store's reason.
    /// </exception>
    public async Task<RevisionTime> FindAsync(
        LogPath path, DateTimeOffset moment, CancellationToken cancellationToken)
    {
        fetch.RequireKey(path);
        int first = IndexOf(path, moment);
        int last = first;
        while (true)
        {
            LogPath part = path with { Segments = [.. path.Segments.Skip(first).Take(last - first + 1)] };
            (MomentSearch search, SegmentTimes firstTimes, SegmentTimes lastTimes) =
                await ReadAsync(part, moment, cancellationToken);

            // The segment after it may begin with records that were received at the moment too, as its last mark was.
            if (lastTimes.End <= moment && last + 1 < path.Segments.Count)
            {
                last++;
                continue;
            }

            // The segment before may end with records that were received after its last mark, and after the moment.
            if (firstTimes.Start <= moment || first == 0)
            {
                return search.Finish(firstTimes, lastTimes);
            }

            first--;
        }
    }

    /// <summary>The first segment that is complete up to the moment.</summary>
    private static int IndexOf(LogPath path, DateTimeOffset moment)
    {
        int index = 0;
        while (path.Segments[index].Name.End < moment)
        {
            index++;
        }

        return index;
    }

    private async Task<(MomentSearch Search, SegmentTimes First, SegmentTimes Last)> ReadAsync(
        LogPath part, DateTimeOffset moment, CancellationToken cancellationToken)
    {
        MomentSearch search = new(moment, part.First - 1);
        List<SegmentTimes> times = [];
        await using FetchedSegments segments = fetch.Begin(part, cancellationToken);
        try
        {
            foreach (LogSegment segment in segments.Path)
            {
                times.Add(await SegmentTimes.ReadAsync(segment, search.Add, cancellationToken));
            }
        }
        catch (Exception e) when (SegmentFetch.IsContentFailure(e))
        {
            throw fetch.Explain(part, e);
        }

        return (search, times[0], times[^1]);
    }

    /// <summary>Collects what a segment says about one moment.</summary>
    private sealed class MomentSearch(DateTimeOffset moment, long before)
    {
        private long _revision = before;
        private DateTimeOffset? _next;
        private DateTimeOffset? _markBefore;
        private LogMark? _markAfter;
        private bool _isCatchUp;

        public void Add(SegmentTime item)
        {
            if (item.Mark is { } mark)
            {
                _markBefore = mark.Time <= moment ? mark.Time : _markBefore;
                _markAfter ??= mark.Time >= moment ? mark : null;
            }
            else if (item.Time <= moment)
            {
                (_revision, _isCatchUp) = (item.Revision, item.IsCatchUp);
            }
            else if (_next is null)
            {
                (_next, _isCatchUp) = (item.Time, _isCatchUp || item.IsCatchUp);
            }
        }

        public RevisionTime Finish(SegmentTimes first, SegmentTimes last) => new()
        {
            Moment = moment,
            Revision = _revision,
            CompleteBefore = _markBefore ?? first.Start,
            CompleteAfter = _markAfter ?? new LogMark(last.End, last.Last),
            NextReceivedAt = _next,
            IsCatchUp = _isCatchUp,
        };
    }
}
