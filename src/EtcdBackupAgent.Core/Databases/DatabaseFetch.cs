using System.Security.Cryptography;
using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Archive.Posix;
using EtcdBackupAgent.Core.Artifacts;
using EtcdBackupAgent.Core.ChangeLog;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.RestorePoints;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Core.Transfers;
using EtcdBackupAgent.Snapshots;
using EtcdBackupAgent.Snapshots.Bolt;
using EtcdBackupAgent.Snapshots.ChangeLog;
using EtcdBackupAgent.Snapshots.Changes;
using Microsoft.Win32.SafeHandles;

namespace EtcdBackupAgent.Core.Databases;

/// <summary>
/// Writes the database of a restore point to a file, with etcd's trailer. All that read a database use it, so that they
/// need not know whether a snapshot is full or incremental, or followed by a change log.
/// </summary>
/// <remarks>
/// A full snapshot contains the file. For an incremental one (<c>docs/spec/increments.md</c>, "Restoring"), and for
/// another revision than the snapshot's own (<c>docs/spec/change-log.md</c>, "Reading"):
/// 1. Require the base.
/// 2. Fetch the base's database: for changes to a file without a name, beside the target; for a log to the target.
/// 3. Read the changes, and write the merged database; the digest of its content proves it. Or read the log, and append
///    it; the records that it has in common with the base prove it.
/// 4. Append the SHA-256 of the new file, as etcd does.
/// </remarks>
internal sealed class DatabaseFetch(
    IObjectStore store, IReadOnlyList<AgeIdentity> identities, IProgress<TransferProgress> progress)
{
    private const int CopyBufferBytes = 1 << 18;

    /// <summary>
    /// The ratio of the records of a log to its stored bytes that <see cref="SizeBytesMax(RestorePoint)"/> expects.
    /// </summary>
    private const int LogExpansion = 8;

    private readonly ArtifactReader _reader = new(store, identities, progress);
    private readonly SegmentFetch _segments = new(store, identities);

    /// <summary>
    /// Returns the largest size that the file may get, in bytes; for a log, which does not tell it, an estimate.
    /// </summary>
    public static long SizeBytesMax(RestorePoint point) =>
        SizeBytesMax(point.Snapshot)
        + (LogExpansion * (point.Path?.Segments.Sum(segment => segment.SizeBytes) ?? 0));

    /// <summary>Returns the space that the file and the files beside it need, in bytes.</summary>
    public static long RoomBytes(RestorePoint point) =>
        SizeBytesMax(point)
        + (point.Revision is null ? 0 : SizeBytesMax(point.Snapshot))
        + (point.Snapshot.Base is { } needed ? DatabaseOf(needed).PlainBytes : 0);

    private static long SizeBytesMax(Snapshot snapshot) =>
        DatabaseOf(snapshot).PlainBytes + (snapshot.Base is { } needed ? DatabaseOf(needed).PlainBytes : 0);

    /// <summary>Throws if there is no key for the objects that are needed, or no base.</summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.KeyRefused"/>, or <see cref="FailureReason.DataDamaged"/> without a database or a base.
    /// </exception>
    public void RequireReadable(RestorePoint point)
    {
        Snapshot snapshot = point.Snapshot;
        if (point.Path is { } path)
        {
            _segments.RequireKey(path);
        }

        _reader.RequireKey(DatabaseOf(snapshot));
        if (snapshot.Manifest.IsIncremental)
        {
            _reader.RequireKey(DatabaseOf(RequireBase(snapshot)));
        }
    }

    /// <summary>Writes the file.</summary>
    /// <param name="point">The point, from an inventory.</param>
    /// <param name="target">An empty file, open for reading and writing, without a buffer.</param>
    /// <param name="directory">A directory of the target's file system, for the base's database.</param>
    /// <param name="cancellationToken">After a cancellation the content of the file is undefined.</param>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.DataDamaged"/>, <see cref="FailureReason.KeyRefused"/>, or the store's reason.
    /// </exception>
    /// <exception cref="IOException">The target cannot be written.</exception>
    public async Task<WrittenDatabase> WriteAsync(
        RestorePoint point, FileStream target, string directory, CancellationToken cancellationToken)
    {
        if (point.Revision is null)
        {
            long size = await WriteAsync(point.Snapshot, target, directory, cancellationToken);
            return new WrittenDatabase(size, point, Log: null);
        }

        foreach (RestorePoint candidate in point.Alternatives.Prepend(point))
        {
            if (await TryWriteAsync(candidate, target, directory, cancellationToken) is { } written)
            {
                return written;
            }
        }

        throw Compacted(point);
    }

    private static BackupException Compacted(RestorePoint point)
    {
        string fact = $"Revision {point.Revision} cannot be restored from snapshot {point.Snapshot.Id}: etcd had "
            + "already compacted it when the snapshot was made.";
        return point.Default is null
            ? new BackupException(FailureReason.SnapshotNotFound, fact)
            {
                Hint = "Use an older snapshot, or a later revision.",
            }
            : new BackupException(
                FailureReason.SnapshotNotFound, $"{fact} It is the restore point of the snapshot.")
            {
                Hint = "The snapshot's own state can be restored. It is later, at revision "
                    + $"{point.Snapshot.Manifest.Revision}.",
                Settings = [Setting.Revision],
            };
    }

    /// <summary>Writes the database of a snapshot as it is, and returns the size of the file.</summary>
    private async Task<long> WriteAsync(
        Snapshot snapshot, FileStream target, string directory, CancellationToken cancellationToken)
    {
        if (!snapshot.Manifest.IsIncremental)
        {
            return await CopyAsync(DatabaseOf(snapshot), target, cancellationToken);
        }

        // 1. the base
        Snapshot needed = RequireBase(snapshot);

        // 2. its database
        await using FileStream baseFile = new(NamelessFile.Create(directory), FileAccess.ReadWrite, bufferSize: 0);
        long baseBytes = await CopyAsync(DatabaseOf(needed), baseFile, cancellationToken);

        // 3. the changes
        MergeSummary merged = await MergeAsync(
            snapshot, baseFile.SafeFileHandle, baseBytes, target.SafeFileHandle, cancellationToken);

        // 4. the trailer
        return await AppendTrailerAsync(target, merged.DatabaseBytes, cancellationToken);
    }

    /// <summary>
    /// Writes the database at another revision than the snapshot's own. Returns null if the snapshot is compacted past
    /// it.
    /// </summary>
    private async Task<WrittenDatabase?> TryWriteAsync(
        RestorePoint point, FileStream target, string directory, CancellationToken cancellationToken)
    {
        // The log is fetched while the base is written.
        await using FetchedSegments? log =
            point.Path is { } path ? _segments.Begin(path, cancellationToken) : null;

        // 1., 2. the base
        target.SetLength(0);
        target.Position = 0;
        long baseBytes = await WriteAsync(point.Snapshot, target, directory, cancellationToken)
            - SnapshotTrailerCheck.TrailerSizeBytes;
        target.SetLength(baseBytes);

        // 3. the log
        LogMergeSummary? merged =
            await MergeLogAsync(point, log?.Path ?? [], baseBytes, target, directory, cancellationToken);
        if (merged is null)
        {
            return null;
        }

        // 4. the trailer
        long size = await AppendTrailerAsync(target, merged.DatabaseBytes, cancellationToken);
        return new WrittenDatabase(size, point, merged);
    }

    /// <summary>
    /// Makes the base in the target the database of the point: appends the log; or, if the point is before the end of
    /// the base, writes the target again from a copy. Returns null if the base is compacted past the point.
    /// </summary>
    private async Task<LogMergeSummary?> MergeLogAsync(
        RestorePoint point,
        IReadOnlyList<LogSegment> segments,
        long baseBytes,
        FileStream target,
        string directory,
        CancellationToken cancellationToken)
    {
        SnapshotManifest manifest = point.Snapshot.Manifest;
        LogMergeRequest request = new()
        {
            Target = point.Revision!.Value,
            Path = segments,
            Lineage = point.Path?.Lineage.Id.Value ?? "",
            ClusterId = manifest.ClusterId.Value,
            IsBaseOfLineage = point.Path is { } log && manifest.ChangeLog?.Lineage == log.Lineage.Id,
        };
        FilePages pages = new(target.SafeFileHandle);
        try
        {
            if (LogMerge.CompactRevision(pages, baseBytes) > point.Revision)
            {
                return null;
            }

            LogMerge merge = LogMerge.Open(pages, baseBytes, request);
            if (merge.HasWholeBase)
            {
                return await merge.AppendAsync(target.SafeFileHandle, cancellationToken);
            }

            await using FileStream copy = new(NamelessFile.Create(directory), FileAccess.ReadWrite, bufferSize: 0);
            target.Position = 0;
            await target.CopyToAsync(copy, CopyBufferBytes, cancellationToken);
            target.SetLength(0);
            target.Position = 0;
            return await LogMerge.Open(new FilePages(copy.SafeFileHandle), baseBytes, request)
                .WriteAsync(target.SafeFileHandle, cancellationToken);
        }
        catch (RevisionUnavailableException e)
        {
            throw new BackupException(
                FailureReason.SnapshotNotFound,
                $"Revision {point.Revision} cannot be restored from snapshot {manifest.Id}: {e.Message}.",
                e)
            {
                Hint = "'etcd-backup-agent list --windows' shows what can be restored.",
            };
        }
        catch (LogMismatchException e)
        {
            throw new BackupException(
                FailureReason.DataDamaged,
                $"Snapshot {manifest.Id} and the change log {request.Lineage} do not belong together: {e.Message}.",
                e)
            {
                Hint = "Nothing was restored. Restore the snapshot as it is, or use another one.",
            };
        }
        catch (Exception e) when (point.Path is not null && SegmentFetch.IsContentFailure(e))
        {
            throw _segments.Explain(point.Path, e);
        }
        catch (SnapshotDamagedException e)
        {
            throw new BackupException(
                FailureReason.DataDamaged, $"Snapshot {manifest.Id} is damaged: {e.Message.TrimEnd('.')}.", e);
        }
    }

    private static async Task<long> AppendTrailerAsync(
        FileStream target, long databaseBytes, CancellationToken cancellationToken)
    {
        target.Position = 0;
        byte[] trailer = await SHA256.HashDataAsync(target, cancellationToken);
        target.Position = databaseBytes;
        await target.WriteAsync(trailer, cancellationToken);
        return databaseBytes + trailer.Length;
    }

    /// <summary>Returns the exception for a snapshot that cannot be merged with its base.</summary>
    public static BackupException WrongPair(Snapshot snapshot, Exception why) => new(
        FailureReason.DataDamaged,
        $"Snapshot {snapshot.Id} cannot be read with its base {snapshot.Manifest.Base!.Id}: "
        + $"{why.Message.TrimEnd('.')}.",
        why)
    {
        Hint = "Restore from another snapshot; 'etcd-backup-agent verify --all' shows which are sound.",
    };

    private static ArtifactManifest DatabaseOf(Snapshot snapshot) => snapshot.Manifest.Database
        ?? throw (snapshot.Manifest.Objects is null
            ? new BackupException(FailureReason.DataDamaged, $"Snapshot {snapshot.Id} contains no etcd database.")
            : new BackupException(
                FailureReason.InvalidInput,
                $"Snapshot {snapshot.Id} contains objects that an API server listed, and no etcd database.")
            {
                Hint = "'etcd-backup-agent objects' lists, compares, exports and restores them.",
            });

    private static Snapshot RequireBase(Snapshot snapshot) => snapshot is { BaseProblem: null, Base: { } needed }
        ? needed
        : throw new BackupException(
            FailureReason.DataDamaged, $"Snapshot {snapshot.Id} cannot be read: {snapshot.BaseProblem}.")
        {
            Hint = "Restore from another snapshot; 'etcd-backup-agent list' shows which are complete.",
        };

    private async Task<long> CopyAsync(
        ArtifactManifest artifact, FileStream target, CancellationToken cancellationToken)
    {
        await _reader.ReadAsync(
            artifact, plain => plain.CopyToAsync(target, CopyBufferBytes, cancellationToken), cancellationToken);
        return artifact.PlainBytes;
    }

    private async Task<MergeSummary> MergeAsync(
        Snapshot snapshot,
        SafeFileHandle baseFile,
        long baseBytes,
        SafeFileHandle target,
        CancellationToken cancellationToken)
    {
        try
        {
            ChangesMerge merge = ChangesMerge.Open(
                new FilePages(baseFile),
                baseBytes - SnapshotTrailerCheck.TrailerSizeBytes,
                snapshot.Manifest.Base!.ToChangesBase());
            MergeSummary? merged = null;
            await _reader.ReadAsync(
                DatabaseOf(snapshot),
                async plain => merged = await merge.WriteAsync(plain, target, cancellationToken),
                cancellationToken);
            return merged!;
        }
        catch (Exception e) when (e is BaseMismatchException or SnapshotDamagedException)
        {
            throw WrongPair(snapshot, e);
        }
    }
}

/// <summary>A database that was written to a file.</summary>
/// <param name="SizeBytes">The size of the file: the database and the trailer.</param>
/// <param name="Point">The point, with the snapshot that was used.</param>
/// <param name="Log">What the merge with the log did; null if the snapshot was restored as it is.</param>
internal sealed record WrittenDatabase(long SizeBytes, RestorePoint Point, LogMergeSummary? Log);
