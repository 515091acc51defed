using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using EtcdBackupAgent.Snapshots.Encoded;

namespace EtcdBackupAgent.Snapshots.ChangeLog;

/// <summary>
/// Writes one segment of a change log into memory, in the format of <c>docs/spec/change-log.md</c>. The caller closes a
/// segment when it has enough bytes.
/// </summary>
public sealed class SegmentWriter
{
    private readonly MemoryStream _bytes;
    private long _time;
    private long _sub = -1;
    private long _records;
    private bool _hasTime;

    /// <summary>Begins a segment.</summary>
    /// <param name="header">The header.</param>
    /// <param name="target">An empty stream, which takes the bytes.</param>
    /// <exception cref="ArgumentException">The header cannot be written.</exception>
    public SegmentWriter(SegmentHeader header, MemoryStream target)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(header.First);
        byte[] lineage = Encoding.ASCII.GetBytes(header.Lineage);
        if (lineage.Length is 0 or > LogFormat.LineageBytesMax)
        {
            throw new ArgumentException($"'{header.Lineage}' is not the name of a lineage.", nameof(header));
        }

        (_bytes, First, LastRevision) = (target, header.First, header.First - 1);
        _time = header.Start.ToUnixTimeMilliseconds();
        LastRecord = header.Previous;
        _bytes.Write(LogFormat.Magic);
        WriteBytes(lineage);
        WriteFixed(header.ClusterId);
        WriteVarint((ulong)header.First);
        WriteFixed(header.Previous.Value);
        WriteVarint((ulong)_time);
    }

    /// <summary>The first revision of the segment.</summary>
    public long First { get; }

    /// <summary>The revision of the last record; the first revision − 1 if there is none.</summary>
    public long LastRevision { get; private set; }

    /// <summary>The digest of the last record, also of one before this segment.</summary>
    public ResumeDigest LastRecord { get; private set; }

    /// <summary>The last time in the segment, in whole milliseconds.</summary>
    public DateTimeOffset LastTime => DateTimeOffset.FromUnixTimeMilliseconds(_time);

    /// <summary>The number of records.</summary>
    public long Records => _records;

    /// <summary>The size so far, in bytes.</summary>
    public long SizeBytes => _bytes.Length;

    /// <summary>Says when the next records were received. A time before the last one counts as the last one.</summary>
    /// <param name="time">When.</param>
    /// <param name="isCatchUp">Whether the member sent the records late.</param>
    public void Receive(DateTimeOffset time, bool isCatchUp)
    {
        _hasTime = true;
        WriteKind(LogItem.Received);
        WriteTime(time);
        WriteVarint(isCatchUp ? 1UL : 0);
    }

    /// <summary>Adds a record.</summary>
    /// <exception cref="ArgumentException">
    /// It does not follow the record before it, or its value is larger than the limit.
    /// </exception>
    /// <exception cref="InvalidOperationException">No time was given before.</exception>
    public void Add(in StoredRecord record)
    {
        bool isFirst = record.Main == LastRevision + 1;
        if (record.Sub != (isFirst ? 0 : _sub + 1) || (!isFirst && (record.Main != LastRevision || _sub < 0)))
        {
            throw new ArgumentException(
                $"Revision {record.Main}.{record.Sub} does not follow {LastRevision}.{_sub}.", nameof(record));
        }

        if (!_hasTime)
        {
            throw new InvalidOperationException("The time at which the record was received must come first.");
        }

        ArgumentOutOfRangeException.ThrowIfGreaterThan(record.Value.Length, LogFormat.RecordBytesMax, nameof(record));
        WriteKind((isFirst, record.IsTombstone) switch
        {
            (true, false) => LogItem.FirstPut,
            (true, true) => LogItem.FirstTombstone,
            (false, false) => LogItem.Put,
            _ => LogItem.Tombstone,
        });
        WriteBytes(record.Value.Span);
        (LastRevision, _sub) = (record.Main, record.Sub);
        LastRecord = ResumeDigest.Of(record);
        _records++;
    }

    /// <summary>Adds a mark. A time before the last one counts as the last one.</summary>
    /// <exception cref="ArgumentException">The log does not contain the revision of the mark.</exception>
    public void Mark(LogMark mark)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(mark.Revision, LastRevision, nameof(mark));
        ArgumentOutOfRangeException.ThrowIfNegative(mark.Revision, nameof(mark));
        WriteKind(LogItem.Mark);
        WriteTime(mark.Time);
        WriteVarint((ulong)mark.Revision);
    }

    /// <summary>Adds a lease.</summary>
    public void Add(LogLease lease)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(lease.TtlSeconds, nameof(lease));
        WriteKind(LogItem.Lease);
        WriteFixed((ulong)lease.Id);
        WriteVarint((ulong)lease.TtlSeconds);
        WriteVarint(lease.IsGone ? 1UL : 0);
    }

    /// <summary>Ends the segment, and moves the stream to its beginning.</summary>
    public void Finish()
    {
        WriteKind(LogItem.End);
        WriteVarint((ulong)LastRevision);
        WriteVarint((ulong)_records);
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(_bytes.GetBuffer().AsSpan(0, (int)_bytes.Length), digest);
        _bytes.Write(digest);
        _bytes.Position = 0;
    }

    private void WriteKind(LogItem kind) => _bytes.WriteByte((byte)kind);

    private void WriteTime(DateTimeOffset time)
    {
        long milliseconds = Math.Max(_time, time.ToUnixTimeMilliseconds());
        WriteVarint((ulong)(milliseconds - _time));
        _time = milliseconds;
    }

    private void WriteFixed(ulong value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
        _bytes.Write(bytes);
    }

    private void WriteVarint(ulong value)
    {
        Span<byte> bytes = stackalloc byte[Varint.BytesMax];
        _bytes.Write(bytes[..Varint.Write(bytes, value)]);
    }

    private void WriteBytes(ReadOnlySpan<byte> value)
    {
        WriteVarint((ulong)value.Length);
        _bytes.Write(value);
    }
}
