using EtcdBackupAgent.Snapshots.ChangeLog;

namespace EtcdBackupAgent.Core.ChangeLog;

/// <summary>
/// The segments of a path, for one reader that opens each once, in their order. They are small and many, so several are
/// fetched at the same time, and before the reader needs them: the latency of the store does not add up.
/// </summary>
/// <remarks>
/// 1. Fetch ahead of the reader, as far as <see cref="FetchedBytesMax"/> allows.
/// 2. Decrypt and decompress the next <see cref="OpenedMax"/> segments on other threads.
/// 3. The reader takes the next one; that makes room for more.
/// </remarks>
internal sealed class FetchedSegments : IAsyncDisposable
{
    /// <summary>The most requests at the same time.</summary>
    public const int RequestsMax = 32;

    /// <summary>
    /// The most stored bytes of segments that are fetched before they are read, besides the next one.
    /// </summary>
    public const long FetchedBytesMax = 48 << 20;

    /// <summary>The most segments that are opened before they are read.</summary>
    public const int OpenedMax = 16;

    private readonly SegmentFetch _fetch;
    private readonly IReadOnlyList<StoredSegment> _segments;
    private readonly CancellationTokenSource _stop;
    private readonly SemaphoreSlim _requests = new(RequestsMax);
    private readonly Task<byte[]>?[] _fetched;
    private readonly Task<Stream>?[] _opened;
    private int _next;
    private long _ahead;

    /// <summary>Begins to fetch.</summary>
    public FetchedSegments(
        SegmentFetch fetch, IReadOnlyList<StoredSegment> segments, CancellationToken cancellationToken)
    {
        (_fetch, _segments) = (fetch, segments);
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        (_fetched, _opened) = (new Task<byte[]>?[segments.Count], new Task<Stream>?[segments.Count]);
        Path =
        [
            .. segments.Select((segment, index) => new LogSegment(
                segment.Name.ToString(), segment.Name.First, segment.Name.Last, _ => TakeAsync(index))),
        ];
        FetchAhead();
    }

    /// <summary>The segments.</summary>
    public IReadOnlyList<LogSegment> Path { get; }

    /// <summary>Ends the fetch. What was not read is dropped.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        Task<Stream>[] opened = [.. _opened.OfType<Task<Stream>>()];
        Task all = Task.WhenAll([.. _fetched.OfType<Task>(), .. opened]);
        await all.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (Task<Stream> unread in opened.Where(task => task.IsCompletedSuccessfully))
        {
            await (await unread).DisposeAsync();
        }

        _requests.Dispose();
        _stop.Dispose();
    }

    /// <summary>Returns the next segment to the reader, which disposes it.</summary>
    private async Task<Stream> TakeAsync(int index)
    {
        OpenAhead(index);
        try
        {
            return await _opened[index]!;
        }
        finally
        {
            // Also after a failure: a reader may go on behind a damaged segment.
            _opened[index] = null;
            _ahead -= _segments[index].SizeBytes;
            FetchAhead();
        }
    }

    private void FetchAhead()
    {
        while (_next < _segments.Count
            && (_ahead == 0 || _ahead + _segments[_next].SizeBytes <= FetchedBytesMax))
        {
            _ahead += _segments[_next].SizeBytes;
            _fetched[_next] = FetchAsync(_segments[_next]);
            _next++;
        }
    }

    private void OpenAhead(int index)
    {
        for (int i = index; i < Math.Min(_next, index + OpenedMax); i++)
        {
            int ahead = i;
            _opened[i] ??= Task.Run(() => OpenAsync(ahead), _stop.Token);
        }
    }

    private async Task<byte[]> FetchAsync(StoredSegment segment)
    {
        await _requests.WaitAsync(_stop.Token);
        try
        {
            // A request that was cancelled made room for this one.
            _stop.Token.ThrowIfCancellationRequested();
            return await _fetch.FetchAsync(segment, _stop.Token);
        }
        finally
        {
            _requests.Release();
        }
    }

    private async Task<Stream> OpenAsync(int index)
    {
        byte[] stored = await _fetched[index]!;
        _fetched[index] = null;
        return await _fetch.OpenAsync(_segments[index], stored, _stop.Token);
    }
}
