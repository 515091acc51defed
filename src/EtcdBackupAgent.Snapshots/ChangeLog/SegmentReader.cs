using System.Buffers.Binary;
using System.Text;
using EtcdBackupAgent.Snapshots.Encoded;
using EtcdBackupAgent.Snapshots.Revisions;

namespace EtcdBackupAgent.Snapshots.ChangeLog;

/// <summary>
/// Reads a segment forward only, in the format of <c>docs/spec/change-log.md</c>, and checks everything that can be
/// checked without its neighbours: limits, orders, counts and the digest. Only the current record is in memory.
/// </summary>
/// <remarks>
/// What was read may be trusted only after <see cref="MoveNextAsync"/> has returned false: the digest is at the end.
/// All moves throw <see cref="SnapshotDamagedException"/> if the segment is damaged, and <see cref="IOException"/> if
/// it cannot be read. Spans are valid until the next move.
/// </remarks>
internal sealed class SegmentReader : IDisposable
{
    private readonly EncodedInput _input;
    private readonly byte[] _rawKey = new byte[RevisionKey.TombstoneSizeBytes];
    private readonly GrowingBytes _value = new();
    private int _rawKeyBytes;
    private long _records;

    private SegmentReader(EncodedInput input, SegmentHeader header)
    {
        (_input, Header) = (input, header);
        (LastRevision, LastRecord) = (header.First - 1, header.Previous);
        Time = header.Start;
        _input.Part = "the items";
    }

    public SegmentHeader Header { get; }

    /// <summary>The kind of the current item; all kinds of records are puts or tombstones.</summary>
    public LogItem Item { get; private set; }

    /// <summary>The revision of the last record so far; the first revision − 1 before one was read.</summary>
    public long LastRevision { get; private set; }

    /// <summary>The digest of the last record of the segment, or of the one before; known at the end.</summary>
    public ResumeDigest LastRecord { get; private set; }

    /// <summary>The revision of the current record.</summary>
    public RevisionKey Revision { get; private set; }

    /// <summary>The stored key of the current record.</summary>
    public ReadOnlySpan<byte> Key => _rawKey.AsSpan(0, _rawKeyBytes);

    /// <summary>The value of the current record.</summary>
    public ReadOnlySpan<byte> Value => _value.Span;

    /// <summary>The last time so far.</summary>
    public DateTimeOffset Time { get; private set; }

    /// <summary>Whether the current records were sent late.</summary>
    public bool IsCatchUp { get; private set; }

    /// <summary>The current mark.</summary>
    public LogMark Mark { get; private set; }

    /// <summary>The current lease.</summary>
    public LogLease Lease { get; private set; }

    /// <summary>Whether the current item is a record.</summary>
    public bool IsRecord => Item is >= LogItem.Put and <= LogItem.FirstTombstone;

    /// <summary>Reads the header.</summary>
    /// <param name="source">The segment. The caller keeps ownership.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    /// <exception cref="SnapshotDamagedException">The header is damaged.</exception>
    /// <exception cref="IOException">The segment cannot be read.</exception>
    public static async Task<SegmentReader> OpenAsync(Stream source, CancellationToken cancellationToken)
    {
        EncodedInput input = new(source, LogFormat.Damage);
        try
        {
            return new SegmentReader(input, await ReadHeaderAsync(input, cancellationToken));
        }
        catch
        {
            input.Dispose();
            throw;
        }
    }

    /// <summary>Moves to the next item.</summary>
    /// <returns>False at the end, after the counts and the digest were compared.</returns>
    public async ValueTask<bool> MoveNextAsync(CancellationToken cancellationToken)
    {
        Item = (LogItem)await _input.ReadByteAsync(cancellationToken);
        switch (Item)
        {
            case LogItem.End:
                await ReadEndAsync(cancellationToken);
                return false;
            case LogItem.Received:
                await ReadTimeAsync(cancellationToken);
                IsCatchUp = await ReadFlagAsync("the flag of catch-up", cancellationToken);
                return true;
            case LogItem.Mark:
                await ReadTimeAsync(cancellationToken);
                ulong revision =
                    await _input.ReadVarintAsync("the revision of a mark", (ulong)LastRevision, cancellationToken);
                Mark = new LogMark(Time, (long)revision);
                return true;
            case LogItem.Lease:
                await ReadLeaseAsync(cancellationToken);
                return true;
            case LogItem.Put or LogItem.Tombstone or LogItem.FirstPut or LogItem.FirstTombstone:
                await ReadRecordAsync(cancellationToken);
                return true;
            default:
                throw _input.Damaged($"{(byte)Item} is not a kind of item");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _input.Dispose();

    private static async ValueTask<SegmentHeader> ReadHeaderAsync(
        EncodedInput input, CancellationToken cancellationToken)
    {
        byte[] magic = await input.ReadFixedAsync(LogFormat.Magic.Length, cancellationToken);
        if (!magic.AsSpan().SequenceEqual(LogFormat.Magic))
        {
            throw new SnapshotDamagedException(
                $"{LogFormat.Damage}: it does not begin with the signature of the format");
        }

        int lineageBytes = (int)await input.ReadVarintAsync(
            "the length of the lineage", LogFormat.LineageBytesMax, cancellationToken);
        string lineage = Encoding.Latin1.GetString(await input.ReadFixedAsync(lineageBytes, cancellationToken));
        if (lineage.Length == 0 || !lineage.All(char.IsAsciiLetterOrDigit))
        {
            throw input.Damaged("the lineage is not a name");
        }

        ulong cluster = await ReadFixedNumberAsync(input, cancellationToken);
        ulong first = await input.ReadVarintAsync("the first revision", long.MaxValue, cancellationToken);
        if (first == 0)
        {
            throw input.Damaged("the first revision is 0");
        }

        ulong previous = await ReadFixedNumberAsync(input, cancellationToken);
        ulong start = await input.ReadVarintAsync("the first time", LogFormat.TimeMax, cancellationToken);
        return new SegmentHeader
        {
            Lineage = lineage,
            ClusterId = cluster,
            First = (long)first,
            Previous = new ResumeDigest(previous),
            Start = DateTimeOffset.FromUnixTimeMilliseconds((long)start),
        };
    }

    private static async ValueTask<ulong> ReadFixedNumberAsync(
        EncodedInput input, CancellationToken cancellationToken) =>
        BinaryPrimitives.ReadUInt64BigEndian(await input.ReadFixedAsync(sizeof(ulong), cancellationToken));

    private async ValueTask ReadTimeAsync(CancellationToken cancellationToken)
    {
        long now = Time.ToUnixTimeMilliseconds();
        ulong passed = await _input.ReadVarintAsync("a time", (ulong)(LogFormat.TimeMax - now), cancellationToken);
        Time = DateTimeOffset.FromUnixTimeMilliseconds(now + (long)passed);
    }

    private async ValueTask<bool> ReadFlagAsync(string name, CancellationToken cancellationToken) =>
        await _input.ReadVarintAsync(name, max: 1, cancellationToken) == 1;

    private async ValueTask ReadLeaseAsync(CancellationToken cancellationToken)
    {
        long id = (long)await ReadFixedNumberAsync(_input, cancellationToken);
        ulong ttl = await _input.ReadVarintAsync("the time to live of a lease", long.MaxValue, cancellationToken);
        bool isGone = await ReadFlagAsync("the flag of a lease", cancellationToken);
        Lease = new LogLease(id, (long)ttl, isGone);
    }

    private async ValueTask ReadRecordAsync(CancellationToken cancellationToken)
    {
        bool isTombstone = Item is LogItem.Tombstone or LogItem.FirstTombstone;
        bool isFirst = Item is LogItem.FirstPut or LogItem.FirstTombstone;
        if (!isFirst && _records == 0)
        {
            throw _input.Damaged("the first record does not begin a revision");
        }

        if (isFirst && LastRevision == long.MaxValue)
        {
            throw _input.Damaged("a revision has more than 63 bits");
        }

        long main = isFirst ? LastRevision + 1 : LastRevision;
        Revision = new RevisionKey(new Revision(main, isFirst ? 0 : Revision.Revision.Sub + 1), isTombstone);
        _rawKeyBytes = Revision.Write(_rawKey);
        int length = (int)await _input.ReadVarintAsync(
            "the length of a value", LogFormat.RecordBytesMax, cancellationToken);
        await _input.ReadBytesAsync(_value, length, cancellationToken);
        LastRevision = main;
        _records++;
    }

    private async ValueTask ReadEndAsync(CancellationToken cancellationToken)
    {
        _input.Part = "the end";
        await RequireAsync("the last revision", LastRevision, cancellationToken);
        await RequireAsync("the number of records", _records, cancellationToken);
        if (_records > 0)
        {
            LastRecord = ResumeDigest.Of(Key, Value);
        }

        byte[] computed = _input.FinishDigest();
        byte[] stored = await _input.ReadFixedAsync(LogFormat.DigestBytes, cancellationToken);
        if (!computed.AsSpan().SequenceEqual(stored))
        {
            throw _input.Damaged("the digest does not match the content");
        }

        await _input.EnsureAsync(1, cancellationToken);
        if (_input.Unused.Length > 0)
        {
            throw _input.Damaged("bytes follow the digest");
        }
    }

    private async ValueTask RequireAsync(string name, long counted, CancellationToken cancellationToken)
    {
        ulong stored = await _input.ReadVarintAsync(name, ulong.MaxValue, cancellationToken);
        if (stored != (ulong)counted)
        {
            throw _input.Damaged($"{name} is {stored}, but there are {counted}");
        }
    }
}
