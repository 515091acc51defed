using EtcdBackupAgent.Snapshots.ChangeLog;
using EtcdBackupAgent.Tests.Snapshots.Bolt;
using EtcdBackupAgent.Tests.Snapshots.Revisions;
using LogRecord = EtcdBackupAgent.Snapshots.ChangeLog.StoredRecord;
using ModelRecord = EtcdBackupAgent.Tests.Snapshots.Revisions.StoredRecord;

namespace EtcdBackupAgent.Tests.Snapshots.ChangeLog;

/// <summary>
/// A base and a log of one random history: the log begins at or before the end of the base, in segments that may
/// overlap. Every seed gives the same history.
/// </summary>
internal sealed class LoggedHistory : IDisposable
{
    public const string Lineage = "3f2a9c10";
    public const ulong ClusterId = 0xcdf8_181e_3277_7d00;
    public const long GrantedTtl = 300;

    private static readonly DateTimeOffset Start = new(2026, 11, 29, 10, 0, 0, TimeSpan.Zero);

    private readonly Random _random;

    /// <param name="seed">Decides the revisions.</param>
    /// <param name="content">Decides the bytes of the values.</param>
    /// <param name="compacts">Whether the store may be compacted.</param>
    /// <param name="isEmpty">Whether the base was made before the first change.</param>
    public LoggedHistory(int seed, int content = 0, bool compacts = true, bool isEmpty = false)
    {
        _random = new Random(seed);
        Random bytes = new(content);
        Store = new StoreModel(keepsTombstone: _random.Next(2) == 0)
        {
            NewValue = random =>
            {
                byte[] value = new byte[1 + random.Next(60)];
                bytes.NextBytes(value);
                return value;
            },
        };
        Change(isEmpty ? 0 : 5 + _random.Next(60));
        if (compacts && _random.Next(2) == 0)
        {
            Store.ScheduleCompaction(_random.NextInt64(1, Store.Revision + 1));
            if (_random.Next(2) == 0)
            {
                Store.FinishCompaction();
            }
            else
            {
                Store.RemoveRecords(_random.Next(Store.Stored.Count));
            }
        }

        BaseRecords = [.. Store.Stored];
        BaseCompact = Math.Max(Store.Scheduled, Store.Finished);
        BaseLast = Math.Max(1, Math.Max(BaseRecords.Select(r => r.Revision.Main).LastOrDefault(), BaseCompact));
        BaseLeases = [.. Enumerable.Range(1, 2).Where(_ => _random.Next(2) == 0).Select(id => (long)id)];
        Base = new WrittenDatabase(1024 << _random.Next(3),
        [
            new WrittenBucket("auth", 1, [([1], [2])]),
            new WrittenBucket("key", (ulong)_random.Next(3), [.. BaseRecords.Select(r => (r.RawKey, r.RawValue))]),
            new WrittenBucket("lease", 0, [.. BaseLeases.Select(id => (LeaseKey(id), new[] { (byte)id }))]),
            new WrittenBucket("meta", 0, Store.Compactions()),
        ]);
        First = Math.Max(2, BaseLast - _random.Next(20));
        Change(_random.Next(60));
        Segments = WriteSegments();
    }

    public StoreModel Store { get; }

    public WrittenDatabase Base { get; }

    public IReadOnlyList<ModelRecord> BaseRecords { get; }

    public IReadOnlyList<long> BaseLeases { get; }

    public long BaseLast { get; }

    public long BaseCompact { get; }

    /// <summary>The first revision of the log.</summary>
    public long First { get; }

    /// <summary>The bytes of the segments.</summary>
    public IReadOnlyList<(long First, long Last, byte[] Bytes)> Segments { get; }

    public IReadOnlyList<LogSegment> Path => [.. Segments.Select(Open)];

    /// <summary>Returns a revision that base and log can give.</summary>
    public long RandomTarget() =>
        _random.NextInt64(Math.Max(1, BaseCompact), Math.Max(BaseLast, Store.Revision) + 1);

    public LogMergeRequest Request(long target) => new()
    {
        Target = target,
        Path = Path,
        Lineage = Lineage,
        ClusterId = ClusterId,
        IsBaseOfLineage = true,
    };

    public LogMerge Merge(LogMergeRequest request) => LogMerge.Open(Base.Pages, Base.SizeBytes, request);

    /// <summary>Returns the records at a revision.</summary>
    public IReadOnlyList<(byte[] Key, byte[] Value)> RecordsAt(long target) =>
    [
        .. BaseRecords.Where(r => r.Revision.Main <= target)
            .Concat(Store.All.Where(r => r.Revision.Main > BaseLast && r.Revision.Main <= target))
            .Select(r => (r.RawKey, r.RawValue)),
    ];

    /// <summary>Returns the leases at a revision, without their values.</summary>
    public IReadOnlyList<long> LeasesAt(long target)
    {
        IEnumerable<ModelRecord> named = Store.All.Where(r => r.Revision.Main > BaseLast && r.Revision.Main <= target);
        if (target < BaseLast)
        {
            named = BaseRecords.Where(r => r.Revision.Main <= target);
        }

        return [.. named.Where(r => !r.IsTombstone && r.Lease != 0).Select(r => r.Lease).Union(BaseLeases).Order()];
    }

    public static LogSegment Open((long First, long Last, byte[] Bytes) segment) => new(
        $"{segment.First}-{segment.Last}",
        segment.First,
        segment.Last,
        _ => Task.FromResult<Stream>(new MemoryStream(segment.Bytes)));

    public static byte[] LeaseKey(long id) => [0, 0, 0, 0, 0, 0, 0, (byte)id];

    public void Dispose() => Base.Dispose();

    private void Change(int transactions)
    {
        for (int i = 0; i < transactions; i++)
        {
            Store.Change(_random, keys: 20);
        }
    }

    private List<(long First, long Last, byte[] Bytes)> WriteSegments()
    {
        List<(long, long, byte[])> segments = [];
        long next = First;
        do
        {
            long first = Math.Max(First, next - (_random.Next(2) * _random.Next(5)));
            long last = Math.Min(Store.Revision, next - 1 + _random.Next(15));
            segments.Add((first, last, WriteSegment(first, last)));
            next = last + 1;
        }
        while (next <= Store.Revision);

        return segments;
    }

    private byte[] WriteSegment(long first, long last)
    {
        using MemoryStream bytes = new();
        SegmentWriter writer = new(Header(first), bytes);
        foreach (ModelRecord record in Store.All.Where(r => r.Revision.Main >= first && r.Revision.Main <= last))
        {
            if (record.Revision.Sub == 0)
            {
                writer.Receive(Start.AddSeconds(record.Revision.Main), isCatchUp: false);
            }

            writer.Add(new LogRecord(
                record.Revision.Main, record.Revision.Sub, record.IsTombstone, record.RawValue));
            if (record.Lease != 0)
            {
                writer.Add(new LogLease(record.Lease, GrantedTtl, IsGone: false));
            }
        }

        writer.Mark(new LogMark(Start.AddSeconds(last + 1), writer.LastRevision));
        writer.Finish();
        return bytes.ToArray();
    }

    private SegmentHeader Header(long first)
    {
        ModelRecord? before = Store.All.LastOrDefault(r => r.Revision.Main < first);
        return new SegmentHeader
        {
            Lineage = Lineage,
            ClusterId = ClusterId,
            First = first,
            Previous = before is null
                ? ResumeDigest.None
                : ResumeDigest.Of(new LogRecord(
                    before.Revision.Main, before.Revision.Sub, before.IsTombstone, before.RawValue)),
            Start = Start,
        };
    }
}
