using EtcdBackupAgent.Core.ChangeLog;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Snapshots.ChangeLog;

namespace EtcdBackupAgent.Core.Archiving;

/// <summary>The end of a log that is not stored yet: the segment that is being written, in memory.</summary>
internal sealed class OpenSegment : IDisposable
{
    /// <summary>The most leases that are remembered. More are written to the log again.</summary>
    public const int LeasesKnownMax = 100_000;

    private readonly MemoryStream _bytes = new();
    private readonly HashSet<long> _knownLeases = [];
    private readonly HashSet<long> _newLeases = [];
    private SegmentWriter? _writer;

    /// <param name="position">Where the log ends.</param>
    public OpenSegment(LogPosition position) => Position = position;

    /// <summary>Where the log ends, with what is in this segment.</summary>
    public LogPosition Position { get; private set; }

    /// <summary>The number of records.</summary>
    public long Records => _writer?.Records ?? 0;

    /// <summary>The size of the records, in bytes.</summary>
    public long SizeBytes => _writer?.SizeBytes ?? 0;

    /// <summary>Whether there is anything to store.</summary>
    public bool IsEmpty => _writer is null;

    /// <summary>The leases that records name and that are not in the log yet.</summary>
    public IReadOnlyCollection<long> NewLeases => _newLeases;

    /// <summary>Appends whole revisions that follow the position.</summary>
    public void Append(ChangeBatch batch, DateTimeOffset receivedAt)
    {
        if (batch.Records.Count == 0)
        {
            return;
        }

        // The first segment of a lineage may begin with the revision at which the lineage began.
        SegmentWriter writer = Writer(batch.Records[0].Main);
        writer.Receive(receivedAt, isCatchUp: batch.HeaderRevision > batch.Records[^1].Main);
        foreach (StoredRecord record in batch.Records)
        {
            writer.Add(record);
            if (record.Lease is var lease and not 0 && !_knownLeases.Contains(lease))
            {
                _newLeases.Add(lease);
            }
        }

        UpdatePosition(writer);
    }

    /// <summary>Appends a lease.</summary>
    /// <param name="id">The ID.</param>
    /// <param name="ttlSeconds">The granted time to live; null if the lease is gone.</param>
    public void AddLease(long id, long? ttlSeconds)
    {
        Writer(Position.Last + 1).Add(new LogLease(id, ttlSeconds ?? 1, IsGone: ttlSeconds is null));
        _newLeases.Remove(id);
        if (_knownLeases.Count == LeasesKnownMax)
        {
            _knownLeases.Clear();
        }

        _knownLeases.Add(id);
    }

    /// <summary>Appends a mark: the log contains all revisions up to one that a linearizable read returned.</summary>
    public void Mark(DateTimeOffset requestedAt, long revision)
    {
        SegmentWriter writer = Writer(Position.Last + 1);
        writer.Mark(new LogMark(requestedAt, revision));
        UpdatePosition(writer);
        Position = Position with { MarkTime = writer.LastTime };
    }

    /// <summary>Ends the segment, and begins the next one.</summary>
    /// <returns>The name and the plain bytes, which are valid until the next call of any member.</returns>
    public (SegmentName Name, MemoryStream Bytes) Close(ArtifactEncryption encryption)
    {
        SegmentWriter writer = _writer ?? throw new InvalidOperationException("There is nothing to store.");
        writer.Finish();
        SegmentName name = new()
        {
            Lineage = Position.Lineage.Id,
            First = writer.First,
            Last = writer.LastRevision,
            End = Position.MarkTime,
            Resume = writer.LastRecord,
            Encryption = encryption,
        };
        _writer = null;
        return (name, _bytes);
    }

    /// <inheritdoc/>
    public void Dispose() => _bytes.Dispose();

    private SegmentWriter Writer(long first)
    {
        if (_writer is not null)
        {
            return _writer;
        }

        _bytes.SetLength(0);
        _writer = new SegmentWriter(
            new SegmentHeader
            {
                Lineage = Position.Lineage.Id.Value,
                ClusterId = Position.Lineage.ClusterId.Value,
                First = first,
                Previous = Position.Resume,
                Start = Position.Time,
            },
            _bytes);
        return _writer;
    }

    private void UpdatePosition(SegmentWriter writer) => Position = Position with
    {
        Last = writer.LastRevision,
        Resume = writer.LastRecord,
        Time = writer.LastTime,
    };
}
