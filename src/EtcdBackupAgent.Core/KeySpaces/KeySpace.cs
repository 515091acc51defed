using System.Buffers;
using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Core.Artifacts;
using EtcdBackupAgent.Core.Databases;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.ObjectLines;
using EtcdBackupAgent.Core.Places;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.RestorePoints;
using EtcdBackupAgent.Core.Transfers;
using EtcdBackupAgent.Snapshots;
using EtcdBackupAgent.Snapshots.KeySpaces;
using Microsoft.Win32.SafeHandles;

namespace EtcdBackupAgent.Core.KeySpaces;

/// <summary>
/// The keys that etcd had at a restore point, or in a file. They can be read until this is disposed.
/// </summary>
/// <remarks>
/// 1. Find the snapshot, and the part of the change log.
/// 2. Write the database to a file without a name.
/// 3. Read it (<see cref="KeySpaceReader"/>).
/// A snapshot of objects has no database: its objects are written to such a file, and read by the keys that they would
/// have in etcd (<see cref="ObjectLineReader"/>).
/// </remarks>
public sealed class KeySpace : IDisposable
{
    /// <summary>The size of a page is a multiple of this, so that a trailer can be told from a page.</summary>
    private const int PageBytesMin = 512;

    private readonly IDisposable _file;
    private readonly IKeyReader _reader;

    private KeySpace(IDisposable file, IKeyReader reader, string name, RestorePoint? point) =>
        (_file, _reader, Name, Point) = (file, reader, name, point);

    /// <summary>The snapshot and the revision, or the file, for messages.</summary>
    public string Name { get; }

    /// <summary>The snapshot, and the revision if it is not the snapshot's own; null for a file.</summary>
    public RestorePoint? Point { get; }

    /// <summary>What is known about the moment; null if none was selected.</summary>
    public RevisionTime? Time => Point?.Time;

    /// <summary>The revision of etcd.</summary>
    public long Revision => _reader.Revision;

    /// <summary>Opens the keys of a snapshot, a moment or a revision.</summary>
    /// <param name="repository">The repository.</param>
    /// <param name="identities">The keys of the repository.</param>
    /// <param name="scratchDirectory">Has room for the database.</param>
    /// <param name="selection">The snapshot, the moment or the revision.</param>
    /// <param name="progress">Receives the progress in bytes.</param>
    /// <param name="cancellationToken">A cancelled call leaves nothing behind.</param>
    /// <exception cref="BackupException">
    /// As for a restore of the selection, and <see cref="FailureReason.TargetUnusable"/> for the scratch directory.
    /// </exception>
    public static async Task<KeySpace> OpenAsync(
        BackupRepository repository,
        IReadOnlyList<AgeIdentity> identities,
        string scratchDirectory,
        RestoreSelection selection,
        IProgress<TransferProgress> progress,
        CancellationToken cancellationToken)
    {
        SeparatePlaces.RequireForScratch(repository.Store, scratchDirectory);

        // 1
        RestorePoint point = await new PointChoice(repository, identities).FindAsync(selection, cancellationToken);
        if (point.Snapshot.Manifest.Objects is { } objects)
        {
            return await OpenObjectsAsync(
                point, objects, new ArtifactReader(repository.Store, identities, progress), scratchDirectory,
                cancellationToken);
        }

        DatabaseFetch fetch = new(repository.Store, identities, progress);
        fetch.RequireReadable(point);
        ScratchFile scratch = ScratchFile.Create(scratchDirectory, DatabaseFetch.RoomBytes(point));
        try
        {
            // 2
            WrittenDatabase written = await scratch.FillAsync(
                (file, directory) => fetch.WriteAsync(point, file, directory, cancellationToken));
            string id = written.Point.Snapshot.Id.Value;
            string name = point.Revision is { } revision ? $"snapshot {id} at revision {revision}" : $"snapshot {id}";

            // 3
            long databaseBytes = written.SizeBytes - SnapshotTrailerCheck.TrailerSizeBytes;
            KeySpaceReader reader = await scratch.ReadAsync(
                file => Open(file, databaseBytes, revision: null, name), cancellationToken);
            return new KeySpace(scratch, reader, name, written.Point);
        }
        catch
        {
            scratch.Dispose();
            throw;
        }
    }

    private static async Task<KeySpace> OpenObjectsAsync(
        RestorePoint point,
        ArtifactManifest objects,
        ArtifactReader reader,
        string scratchDirectory,
        CancellationToken cancellationToken)
    {
        SnapshotManifest manifest = point.Snapshot.Manifest;
        if (point.Revision is { } revision)
        {
            throw new BackupException(
                FailureReason.InvalidInput,
                $"Snapshot {manifest.Id} has objects of one moment, and not revision {revision}.");
        }

        ScratchFile scratch = await ObjectLineFile.FetchAsync(reader, objects, scratchDirectory, cancellationToken);
        try
        {
            ObjectLineReader lines = await scratch.ReadAsync(
                file => new ObjectLineReader(file, objects.PlainBytes, manifest.Revision), cancellationToken);
            return new KeySpace(scratch, lines, $"snapshot {manifest.Id}", point);
        }
        catch
        {
            scratch.Dispose();
            throw;
        }
    }

    /// <summary>Opens the keys of a file: a snapshot, or a copy of a member's <c>db</c>.</summary>
    /// <param name="path">The file.</param>
    /// <param name="revision">A revision that the file still has; null for its last one.</param>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/> if the file cannot be read or does not have the revision, or
    /// <see cref="FailureReason.DataDamaged"/>.
    /// </exception>
    public static KeySpace OfFile(string path, long? revision)
    {
        SafeFileHandle? file = null;
        try
        {
            file = File.OpenHandle(path, options: FileOptions.RandomAccess);
            long length = RandomAccess.GetLength(file);
            int trailerBytes = length % PageBytesMin == SnapshotTrailerCheck.TrailerSizeBytes
                ? SnapshotTrailerCheck.TrailerSizeBytes
                : 0;
            return new KeySpace(file, Open(file, length - trailerBytes, revision, path), path, point: null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            file?.Dispose();
            throw new BackupException(
                FailureReason.InvalidInput, $"{path} cannot be read: {UnreadableFile.Why(path, e)}.", e);
        }
        catch
        {
            file?.Dispose();
            throw;
        }
    }

    /// <inheritdoc cref="IKeyReader.Find"/>
    /// <exception cref="BackupException"><see cref="FailureReason.DataDamaged"/>.</exception>
    public IReadOnlyList<FoundKey> Find(KeyFilter filter, CancellationToken cancellationToken) =>
        Read(Name, () => _reader.Find(filter, cancellationToken));

    /// <inheritdoc cref="IKeyReader.ReadValue"/>
    /// <exception cref="BackupException"><see cref="FailureReason.DataDamaged"/>.</exception>
    public FoundValue ReadValue(FoundKey key, ArrayBufferWriter<byte> buffer) =>
        Read(Name, () => _reader.ReadValue(key, buffer));

    /// <summary>Closes the database.</summary>
    public void Dispose() => _file.Dispose();

    private static KeySpaceReader Open(SafeFileHandle file, long databaseBytes, long? revision, string name)
    {
        try
        {
            return Read(name, () => KeySpaceReader.Open(file, databaseBytes, revision));
        }
        catch (RevisionOutsideException e)
        {
            throw new BackupException(FailureReason.InvalidInput, $"{name}: {e.Message}.", e);
        }
    }

    private static T Read<T>(string name, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (SnapshotDamagedException e)
        {
            throw new BackupException(
                FailureReason.DataDamaged, $"The keys in {name} cannot be read: {e.Message.TrimEnd('.')}.", e)
            {
                Hint = "'etcd-backup-agent inspect' shows all damage.",
            };
        }
    }
}
