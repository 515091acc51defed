using System.Buffers;
using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Core.Artifacts;
using EtcdBackupAgent.Core.Databases;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Places;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.RestorePoints;
using EtcdBackupAgent.Core.Transfers;
using EtcdBackupAgent.Snapshots;
using EtcdBackupAgent.Snapshots.Verification;
using Microsoft.Win32.SafeHandles;

namespace EtcdBackupAgent.Core.Verification;

/// <summary>Examines one snapshot and describes its content; records nothing.</summary>
/// <param name="repository">The repository.</param>
/// <param name="identities">The keys of the repository.</param>
/// <param name="scratchDirectory">Has room for the database.</param>
/// <param name="receiveValue">Receives every stored value; null for none.</param>
public sealed class InspectRun(
    BackupRepository repository,
    IReadOnlyList<AgeIdentity> identities,
    string scratchDirectory,
    StoredValueReceiver? receiveValue = null)
{
    private const int ReadBufferBytes = 1 << 18;

    /// <summary>Examines a file: a snapshot, or a copy of a member's <c>db</c>, which has no trailer.</summary>
    /// <param name="path">The file.</param>
    /// <param name="receiveValue">Receives every stored value; null for none.</param>
    /// <param name="cancellationToken">Cancels the examination.</param>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/> if the file cannot be read.
    /// </exception>
    public static Inspection OfFile(
        string path, StoredValueReceiver? receiveValue, CancellationToken cancellationToken)
    {
        try
        {
            using SafeFileHandle file = File.OpenHandle(path, options: FileOptions.RandomAccess);
            SnapshotTrailerResult trailer = CheckTrailer(file, cancellationToken);
            int trailerBytes = trailer == SnapshotTrailerResult.Missing ? 0 : SnapshotTrailerCheck.TrailerSizeBytes;
            return new Inspection
            {
                Name = path,
                Trailer = trailer,
                Examination = SnapshotVerifier.Examine(
                    file,
                    RandomAccess.GetLength(file) - trailerBytes,
                    expected: null,
                    receiveValue,
                    cancellationToken),
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new BackupException(
                FailureReason.InvalidInput, $"{path} cannot be read: {UnreadableFile.Why(path, e)}.", e);
        }
    }

    /// <summary>Examines a snapshot of the repository in a scratch file without a name.</summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.SnapshotNotFound"/>, <see cref="FailureReason.SnapshotAmbiguous"/>,
    /// <see cref="FailureReason.KeyRefused"/>, <see cref="FailureReason.DataDamaged"/> if its bytes are not those that
    /// were backed up, <see cref="FailureReason.TargetUnusable"/> for the scratch directory, or the store's reason.
    /// </exception>
    public async Task<Inspection> OfSnapshotAsync(
        RestoreSelection selection, IProgress<TransferProgress> progress, CancellationToken cancellationToken)
    {
        SeparatePlaces.RequireForScratch(repository.Store, scratchDirectory);
        RestorePoint point = await new PointChoice(repository, identities).FindAsync(selection, cancellationToken);
        DatabaseFetch fetch = new(repository.Store, identities, progress);
        fetch.RequireReadable(point);
        using ScratchFile scratch = ScratchFile.Create(scratchDirectory, DatabaseFetch.RoomBytes(point));
        WrittenDatabase written = await scratch.FillAsync(
            (file, directory) => fetch.WriteAsync(point, file, directory, cancellationToken));
        Snapshot snapshot = written.Point.Snapshot;
        long databaseBytes = written.SizeBytes - SnapshotTrailerCheck.TrailerSizeBytes;
        return new Inspection
        {
            Name = point.Revision is { } revision ? $"{snapshot.Id} at revision {revision}" : snapshot.Id.Value,
            Time = point.Time,
            Default = point.Default,
            Trailer = SnapshotTrailerResult.Valid,
            Examination = await scratch.ReadAsync(
                file => SnapshotVerifier.Examine(
                    file,
                    databaseBytes,
                    HashOf(written.Point),
                    receiveValue,
                    cancellationToken),
                cancellationToken),
        };
    }

    /// <summary>The member's hash, if the database still has the revision that it belongs to.</summary>
    private static HashKv? HashOf(RestorePoint point) =>
        point.Snapshot.Manifest.Etcd?.HashKv is { } hash && (point.Revision ?? hash.Revision) >= hash.Revision
            ? hash
            : null;

    private static SnapshotTrailerResult CheckTrailer(SafeFileHandle file, CancellationToken cancellationToken)
    {
        using SnapshotTrailerCheck check = new();
        byte[] buffer = ArrayPool<byte>.Shared.Rent(ReadBufferBytes);
        try
        {
            int read;
            for (long offset = 0; (read = RandomAccess.Read(file, buffer, offset)) > 0; offset += read)
            {
                cancellationToken.ThrowIfCancellationRequested();
                check.Append(buffer.AsSpan(0, read));
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
        }

        return check.Finish();
    }
}
