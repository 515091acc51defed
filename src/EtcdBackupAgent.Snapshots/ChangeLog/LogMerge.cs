using EtcdBackupAgent.Snapshots.Bolt;
using EtcdBackupAgent.Snapshots.Revisions;
using Microsoft.Win32.SafeHandles;

namespace EtcdBackupAgent.Snapshots.ChangeLog;

/// <summary>
/// Restores the database of any revision from a base and a change log (<c>docs/spec/change-log.md</c>, "Reading").
/// Memory depends on the number of leases and on the largest record only.
/// </summary>
/// <remarks>
/// <para>
/// 1. The base must not be compacted past the target.
/// 2. Copy all buckets but <c>key</c> and <c>lease</c> from the base.
/// 3. Write the bucket <c>key</c>: the base's records up to the target, compared with those of the log, then the log's.
/// 4. Write the bucket <c>lease</c>: the base's leases, and those that the records need besides.
/// </para>
/// <para>
/// If the target is not before the end of the base, nothing of the base is left out. Then the base's own file becomes
/// the restored one (<see cref="AppendAsync"/>): what the log has besides is appended, and the rest is not written
/// again.
/// </para>
/// </remarks>
public sealed class LogMerge
{
    private readonly BoltDatabase _base;
    private readonly Compaction _compaction;
    private readonly LogMergeRequest _request;

    private LogMerge(BoltDatabase @base, LogMergeRequest request)
    {
        (_base, _request) = (@base, request);
        _compaction = Compaction.Read(@base);
    }

    /// <summary>
    /// Reads how far a base is compacted; -1 for not at all. The merge needs a target at or above it.
    /// </summary>
    /// <exception cref="SnapshotDamagedException">The base is damaged.</exception>
    public static long CompactRevision(IPageSource basePages, long baseBytes) =>
        Compaction.Read(basePages, baseBytes).Revision;

    /// <summary>Opens the base; reads only a few pages yet.</summary>
    /// <param name="basePages">The database of the base. It is read until the merge is done.</param>
    /// <param name="baseBytes">The size of that database, without etcd's trailer.</param>
    /// <param name="request">What to restore.</param>
    /// <exception cref="RevisionUnavailableException">The base is compacted past the target.</exception>
    /// <exception cref="SnapshotDamagedException">The base is damaged.</exception>
    /// <exception cref="IOException">The database cannot be read.</exception>
    public static LogMerge Open(IPageSource basePages, long baseBytes, LogMergeRequest request)
    {
        LogMerge merge = new(BoltDatabase.Open(basePages, baseBytes), request);
        return merge._compaction.Revision <= request.Target
            ? merge
            : throw new RevisionUnavailableException(
                $"the base is compacted up to revision {merge._compaction.Revision}, which is above {request.Target}");
    }

    /// <summary>Whether the whole base is in the result, so that <see cref="AppendAsync"/> is possible.</summary>
    public bool HasWholeBase => RecordMerge.LastOf(_base, _compaction) <= _request.Target;

    /// <summary>Appends the log to the file of the base.</summary>
    /// <param name="file">
    /// The file of the base, open for reading and writing, without etcd's trailer. After a failure it is not the
    /// restored database.
    /// </param>
    /// <param name="cancellationToken">A cancelled merge leaves a file that is not the restored database.</param>
    /// <inheritdoc cref="WriteAsync(SafeFileHandle, CancellationToken)"/>
    public async Task<LogMergeSummary> AppendAsync(SafeFileHandle file, CancellationToken cancellationToken)
    {
        using BoltWriter writer = BoltWriter.AppendTo(file, _base);
        LeaseMerge leases = LeaseMerge.Read(_base);
        writer.ContinueBucket(Names.Key, _base.Bucket(Names.Key) ?? throw NoKeys());
        LogMergeSummary merged = await WriteAsync(writer, leases, keepsBase: true, cancellationToken);
        RandomAccess.SetLength(file, merged.DatabaseBytes);
        return merged;
    }

    /// <summary>Writes the restored database.</summary>
    /// <param name="target">
    /// An empty file, open for writing. The caller keeps ownership. After a failure it is not a valid database.
    /// </param>
    /// <param name="cancellationToken">A cancelled merge leaves a file that is not a valid database.</param>
    /// <exception cref="LogMismatchException">Base and log do not belong together.</exception>
    /// <exception cref="RevisionUnavailableException">Base and log end before the target.</exception>
    /// <exception cref="SnapshotDamagedException">The base or a segment is damaged.</exception>
    /// <exception cref="IOException">The base or the log cannot be read, or the file cannot be written.</exception>
    public async Task<LogMergeSummary> WriteAsync(SafeFileHandle target, CancellationToken cancellationToken)
    {
        using BoltWriter writer = new(target, _base.PageSizeBytes);
        LeaseMerge leases = LeaseMerge.Read(_base);

        // 2. the other buckets
        ulong keySequence = CopyBuckets(writer, cancellationToken);

        // 3. the records
        writer.BeginBucket(Names.Key, keySequence);
        return await WriteAsync(writer, leases, keepsBase: false, cancellationToken);
    }

    /// <summary>Writes the records to the current bucket, then the leases and the end of the file.</summary>
    private async Task<LogMergeSummary> WriteAsync(
        BoltWriter writer, LeaseMerge leases, bool keepsBase, CancellationToken cancellationToken)
    {
        // 3. the records
        await using LogReader log = new(_request.Path, _request.Lineage, _request.ClusterId);
        RecordMerge records = new(_base, _compaction, _request, log, leases) { KeepsBase = keepsBase };
        await records.WriteAsync(writer, cancellationToken);
        writer.EndBucket();

        // 4. the leases
        writer.RemoveBucket(Names.Lease);
        leases.Write(writer);
        return new LogMergeSummary
        {
            LogRecords = records.FromLog,
            EqualRecords = records.Equal,
            LogLeases = leases.Added,
            GoneLeases = leases.Gone,
            BaseLastRevision = records.BaseLast,
            CompactRevision = _compaction.Revision,
            DatabaseBytes = writer.Finish(_base.Meta.TransactionId + 1),
        };
    }

    /// <summary>Copies all buckets but those that are merged. Returns the sequence of <c>key</c>.</summary>
    private ulong CopyBuckets(BoltWriter writer, CancellationToken cancellationToken)
    {
        ulong? keySequence = null;
        BoltCursor root = _base.Root();
        for (bool more = root.MoveToFirst(); more; more = root.MoveNext())
        {
            if (!root.IsBucket)
            {
                throw new SnapshotDamagedException("an element of the root bucket is not a bucket");
            }

            if (root.Key.SequenceEqual(Names.Key))
            {
                keySequence = root.BucketSequence;
            }
            else if (!root.Key.SequenceEqual(Names.Lease))
            {
                writer.BeginBucket(root.Key, root.BucketSequence);
                BoltCursor elements = root.OpenBucket();
                for (bool has = elements.MoveToFirst(); has; has = elements.MoveNext())
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    writer.Add(elements.Key, elements.Value);
                }

                writer.EndBucket();
            }
        }

        return keySequence ?? throw NoKeys();
    }

    private static SnapshotDamagedException NoKeys() =>
        new("the database has no bucket 'key', where etcd stores all keys");
}

/// <summary>The buckets that are merged.</summary>
internal static class Names
{
    public static ReadOnlySpan<byte> Key => "key"u8;

    public static ReadOnlySpan<byte> Lease => "lease"u8;
}
