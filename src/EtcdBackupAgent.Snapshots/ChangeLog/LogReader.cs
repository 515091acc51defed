using System.Security.Cryptography;

namespace EtcdBackupAgent.Snapshots.ChangeLog;

/// <summary>
/// Reads the segments of a path as one log: every record once, in the order of the revisions. Where two segments
/// overlap, their records must be equal.
/// </summary>
/// <remarks>
/// <see cref="MoveNextAsync"/> throws <see cref="SnapshotDamagedException"/> if a segment is damaged or does not have
/// the revisions of its name, <see cref="LogMismatchException"/> if it does not continue the one before it, and
/// <see cref="IOException"/> if it cannot be read.
/// </remarks>
internal sealed class LogReader(IReadOnlyList<LogSegment> path, string lineage, ulong clusterId) : IAsyncDisposable
{
    /// <summary>
    /// The digests of the revisions of the previous segments that the next ones contain again, by revision.
    /// </summary>
    private readonly Dictionary<long, ulong> _seen = [];

    /// <summary>For each segment, the lowest first revision of it and all later ones.</summary>
    private readonly long[] _lowestFirst = LowestFirst(path);

    private int _next;
    private Stream? _stream;
    private SegmentReader? _segment;
    private long _main;
    private bool _isRepeated;
    private RevisionHash? _revisionHash;
    private ResumeDigest _lastRecord;

    /// <summary>The current segment, at an item.</summary>
    public SegmentReader Segment => _segment ?? throw new InvalidOperationException("There is no current item.");

    /// <summary>The last revision that was read; that before the first segment at the beginning.</summary>
    public long LastRevision { get; private set; } = path.Count > 0 ? path[0].First - 1 : 0;

    /// <summary>Moves to the next item. Records that were read before are compared and skipped.</summary>
    /// <returns>False after the end of the last segment.</returns>
    public async ValueTask<bool> MoveNextAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (_segment is null)
            {
                if (_next == path.Count)
                {
                    return false;
                }

                await OpenAsync(path[_next++], cancellationToken);
            }

            if (!await Segment.MoveNextAsync(cancellationToken))
            {
                await CloseAsync();
                continue;
            }

            if (!Segment.IsRecord || IsNewRecord())
            {
                return true;
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _segment?.Dispose();
        await (_stream?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    private LogSegment Current => path[_next - 1];

    private async ValueTask OpenAsync(LogSegment segment, CancellationToken cancellationToken)
    {
        _stream = await segment.OpenAsync(cancellationToken);
        _segment = await SegmentReader.OpenAsync(_stream, cancellationToken);
        SegmentHeader header = _segment.Header;
        if (header.Lineage != lineage || header.ClusterId != clusterId || header.First != segment.First)
        {
            throw new SnapshotDamagedException(
                $"the segment {segment.Name} has another content than its name says: it is of lineage "
                + $"{header.Lineage}, cluster {header.ClusterId:x}, from revision {header.First}");
        }

        // The first segment of the path has no neighbour here. Where segments overlap, their records decide.
        if (_next > 1 && header.First == LastRevision + 1 && header.Previous != _lastRecord)
        {
            throw new LogMismatchException(
                $"the segment {segment.Name} does not continue the one before it: revision {LastRevision} has another "
                + "content");
        }
    }

    private static long[] LowestFirst(IReadOnlyList<LogSegment> path)
    {
        long[] lowest = [.. path.Select(segment => segment.First)];
        for (int i = lowest.Length - 2; i >= 0; i--)
        {
            lowest[i] = Math.Min(lowest[i], lowest[i + 1]);
        }

        return lowest;
    }

    /// <summary>Ends a segment that was read completely.</summary>
    private async ValueTask CloseAsync()
    {
        FinishRevision();
        if (Segment.LastRevision != Current.Last)
        {
            throw new SnapshotDamagedException(
                $"the segment {Current.Name} ends at revision {Segment.LastRevision}");
        }

        if (Segment.LastRevision == LastRevision)
        {
            _lastRecord = Segment.LastRecord;
        }

        Segment.Dispose();
        _segment = null;
        await _stream!.DisposeAsync();
        _stream = null;
    }

    /// <summary>Whether the current record was not read in a segment before.</summary>
    private bool IsNewRecord()
    {
        long main = Segment.Revision.Main;
        if (Segment.Revision.Revision.Sub == 0)
        {
            FinishRevision();
            (_main, _isRepeated) = (main, main <= LastRevision);
            bool isRepeatedLater = _next < path.Count && main >= _lowestFirst[_next];
            _revisionHash = _isRepeated || isRepeatedLater ? new RevisionHash() : null;
            LastRevision = Math.Max(LastRevision, main);
        }

        _revisionHash?.Add(Segment.Key, Segment.Value);
        return !_isRepeated;
    }

    /// <summary>Remembers or compares the content of a revision that two segments contain.</summary>
    private void FinishRevision()
    {
        if (_revisionHash is not { } finished)
        {
            return;
        }

        _revisionHash = null;
        ulong digest = finished.Finish();
        if (!_isRepeated)
        {
            _seen[_main] = digest;
        }
        else if (!_seen.TryGetValue(_main, out ulong seen) || seen != digest)
        {
            throw new LogMismatchException(
                $"the segment {Current.Name} has another content for revision {_main} than the one before it");
        }
    }

    /// <summary>Computes the digest of one revision.</summary>
    private sealed class RevisionHash
    {
        private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

        public void Add(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
        {
            _hash.AppendData(key);
            _hash.AppendData(value);
        }

        public ulong Finish()
        {
            byte[] digest = _hash.GetHashAndReset();
            _hash.Dispose();
            return BitConverter.ToUInt64(digest);
        }
    }
}
