using EtcdBackupAgent.Snapshots.Bolt;
using EtcdBackupAgent.Snapshots.Revisions;

namespace EtcdBackupAgent.Snapshots.ChangeLog;

/// <summary>Merges the records of a base with those of a log, in the order of the revisions.</summary>
/// <remarks>
/// The base decides about the revisions that it contains: a later compaction may have removed records that the log
/// still has. The log adds the revisions after the base. What both have must be equal, and what one of them lacks must
/// be explained, because two clusters can have the same ID and the same revisions with other content. Therefore
/// everything that both have is compared, also after the target.
/// </remarks>
internal sealed class RecordMerge(
    BoltDatabase @base, Compaction compaction, LogMergeRequest request, LogReader log, LeaseMerge leases)
{
    /// <summary>The revision of an etcd to which nothing was written yet.</summary>
    private const long FirstRevision = 1;

    private readonly RevisionReader _records = RevisionReader.OpenRequired(@base);
    private bool _hasRecord;
    private bool _hasLogRecord;
    private bool _isLogAtEnd;

    /// <summary>The last revision of the base: of a record, or of a compaction.</summary>
    public long BaseLast { get; } = LastOf(@base, compaction);

    /// <summary>
    /// Whether the result already has all records of the base. Then those before the log are not read.
    /// </summary>
    public bool KeepsBase { get; init; }

    /// <summary>The number of records in the result that only the log has.</summary>
    public long FromLog { get; private set; }

    /// <summary>The number of records that both have.</summary>
    public long Equal { get; private set; }

    private long Target => request.Target;

    /// <summary>The first revision of which the log has all records.</summary>
    private long LogFirst => request.Path.Count > 0 ? request.Path[0].First : long.MaxValue;

    /// <summary>Writes the records up to the target to the current bucket.</summary>
    public async Task WriteAsync(BoltWriter writer, CancellationToken cancellationToken)
    {
        RequireTarget();
        if (KeepsBase)
        {
            _records.MoveTo(LogFirst);
        }

        MoveBase();
        await MoveLogAsync(cancellationToken);
        while (_hasRecord || _hasLogRecord)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int order = Order();
            if (order <= 0)
            {
                AddOfBase(writer, isInLog: order == 0);
            }
            else
            {
                AddOfLog(writer);
            }

            if (order <= 0)
            {
                MoveBase();
            }

            if (order >= 0)
            {
                await MoveLogAsync(cancellationToken);
            }
        }

        RequireEnd();
    }

    /// <summary>Throws if neither the base nor the path have the target.</summary>
    private void RequireTarget()
    {
        if (Target <= BaseLast)
        {
            return;
        }

        if (request.Path.Count == 0 || request.Path[^1].Last < Target)
        {
            throw new RevisionUnavailableException(
                $"the base ends at revision {BaseLast}"
                + (request.Path.Count == 0 ? "" : $" and the log at {request.Path[^1].Last}")
                + $", before {Target}");
        }

        if (LogFirst > BaseLast + 1)
        {
            throw new RevisionUnavailableException(
                $"the base ends at revision {BaseLast}, and the log begins at {LogFirst}");
        }
    }

    /// <summary>
    /// Throws if base and log share no record that proves a common history. A base that was made before the first
    /// change has none, and needs none: the log has everything.
    /// </summary>
    private void RequireEnd()
    {
        if (Target > BaseLast && log.LastRevision < Target)
        {
            throw new SnapshotDamagedException($"the log ends at revision {log.LastRevision}, before {Target}");
        }

        bool isNext = BaseLast == LogFirst - 1 && (request.IsBaseOfLineage || BaseLast == FirstRevision);
        if (request.Path.Count > 0 && Equal == 0 && !isNext)
        {
            throw new LogMismatchException(
                $"the base (revisions up to {BaseLast}) and the log (from {LogFirst}) share no record, so nothing "
                + "proves that they have one history");
        }
    }

    /// <summary>The order of the current records: below 0 if the base's comes first.</summary>
    private int Order() =>
        !_hasLogRecord ? -1
        : !_hasRecord ? 1
        : ReadBase().RawKey.SequenceCompareTo(log.Segment.Key);

    private void AddOfBase(BoltWriter writer, bool isInLog)
    {
        RevisionEntry record = ReadBase();
        if (isInLog)
        {
            Equal++;
            if (!record.RawValue.SequenceEqual(log.Segment.Value))
            {
                throw new LogMismatchException($"revision {record.Key.Revision} has another content in the log");
            }
        }
        else if (record.Key.Main >= LogFirst && !record.IsBump)
        {
            throw new LogMismatchException($"the log has no revision {record.Key.Revision}, which the base has");
        }

        if (KeepsBase || record.Key.Main > Target)
        {
            return;
        }

        writer.Add(record.RawKey, record.RawValue);
        if (Target < BaseLast)
        {
            leases.Require(record.Record.Lease);
        }
    }

    private void AddOfLog(BoltWriter writer)
    {
        RevisionKey key = log.Segment.Revision;
        if (key.Main > BaseLast)
        {
            if (!KeyValueRecord.TryRead(log.Segment.Value, out KeyValueRecord record, out string? problem))
            {
                throw new SnapshotDamagedException(
                    $"revision {key.Revision} of the log is not a key-value record: {problem}");
            }

            FromLog++;
            writer.Add(log.Segment.Key, log.Segment.Value);
            leases.Require(record.Lease);
        }
        else if (key.Main > compaction.Revision)
        {
            throw new LogMismatchException($"the base has no revision {key.Revision}, which the log has");
        }
    }

    private void MoveBase() => _hasRecord = _records.MoveNext();

    /// <summary>Decodes the current record of the base.</summary>
    private RevisionEntry ReadBase() => _records.TryRead(out RevisionEntry record, out string? problem)
        ? record
        : throw new SnapshotDamagedException($"the base is damaged: {problem}");

    /// <summary>
    /// Moves to the next record of the log up to the target and the end of the base. Reads the log to its end, because
    /// a lease may stand after the records that name it.
    /// </summary>
    private async ValueTask MoveLogAsync(CancellationToken cancellationToken)
    {
        _hasLogRecord = false;
        while (!_isLogAtEnd && await log.MoveNextAsync(cancellationToken))
        {
            if (log.Segment.Item == LogItem.Lease)
            {
                leases.Add(log.Segment.Lease);
            }

            if (log.Segment.IsRecord && log.Segment.Revision.Main <= Math.Max(Target, BaseLast))
            {
                _hasLogRecord = true;
                return;
            }
        }

        _isLogAtEnd = true;
    }

    /// <summary>The last revision of a base: of a record, or of a compaction.</summary>
    public static long LastOf(BoltDatabase database, Compaction compaction)
    {
        BoltCursor? cursor = database.Bucket(Names.Key);
        long last = cursor is not null && cursor.MoveToLast() && RevisionKey.TryRead(cursor.Key, out RevisionKey key)
            ? key.Main
            : 0;
        return Math.Max(Math.Max(1, last), compaction.Revision);
    }
}
