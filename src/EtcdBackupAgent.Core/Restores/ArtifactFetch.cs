using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Archive.Tar;
using EtcdBackupAgent.Core.Artifacts;
using EtcdBackupAgent.Core.Databases;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.RestorePoints;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Core.Transfers;

namespace EtcdBackupAgent.Core.Restores;

/// <summary>
/// Downloads artifacts to files that are not yet visible under their final names. When a method returns, the content is
/// verified.
/// </summary>
internal sealed class ArtifactFetch(
    IObjectStore store, IReadOnlyList<AgeIdentity> identities, IProgress<TransferProgress> progress)
{
    private readonly ArtifactReader _reader = new(store, identities, progress);

    /// <summary>
    /// Writes the database of a restore point, including the trailer, to a new file that only its owner can read. If
    /// the file is to be kept, it is flushed to disk when this returns.
    /// </summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.DataDamaged"/>, <see cref="FailureReason.KeyRefused"/>,
    /// <see cref="FailureReason.TargetUnusable"/>, or the store's reason.
    /// </exception>
    public async Task<WrittenDatabase> DatabaseAsync(
        RestorePoint point, string path, bool keep, CancellationToken cancellationToken)
    {
        try
        {
            await using FileStream file = Create(path);
            WrittenDatabase written = await new DatabaseFetch(store, identities, progress).WriteAsync(
                point, file, Path.GetDirectoryName(path)!, cancellationToken);
            file.Flush(flushToDisk: keep);
            return written;
        }
        catch (Exception e) when (IsTargetFailure(e))
        {
            throw RestoreTarget.Unusable(path, e);
        }
    }

    /// <summary>Writes the objects to a new file that only its owner can read, flushed to disk.</summary>
    /// <exception cref="BackupException">As for <see cref="DatabaseAsync"/>.</exception>
    public async Task ObjectsAsync(ArtifactManifest artifact, string path, CancellationToken cancellationToken)
    {
        try
        {
            await using FileStream file = Create(path);
            await _reader.ReadAsync(
                artifact, plain => plain.CopyToAsync(file, cancellationToken), cancellationToken);
            file.Flush(flushToDisk: true);
        }
        catch (Exception e) when (IsTargetFailure(e))
        {
            throw RestoreTarget.Unusable(path, e);
        }
    }

    /// <summary>
    /// Extracts the certificates to a new directory. Extraction follows the instructions in the tar, so the whole tar
    /// is read and verified first; certificates are small.
    /// </summary>
    /// <exception cref="BackupException">As for <see cref="DatabaseAsync"/>.</exception>
    public async Task CertificatesAsync(
        ArtifactManifest artifact, string directory, CancellationToken cancellationToken)
    {
        ArtifactReader verifier = new(store, identities, new Progress<TransferProgress>());
        await verifier.ReadAsync(
            artifact, plain => TarInspector.ReadAllAsync(plain, cancellationToken), cancellationToken);
        await _reader.ReadAsync(
            artifact, plain => ExtractAsync(plain, directory, cancellationToken), cancellationToken);
    }

    private static FileStream Create(string path) => new(path, new FileStreamOptions
    {
        Mode = FileMode.CreateNew,
        Access = FileAccess.ReadWrite,
        Options = FileOptions.Asynchronous,
        UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        BufferSize = 0,
    });

    private static async Task ExtractAsync(Stream plain, string directory, CancellationToken cancellationToken)
    {
        try
        {
            await TarExtractor.ExtractAsync(plain, directory, cancellationToken);
        }
        catch (Exception e) when (IsTargetFailure(e))
        {
            throw RestoreTarget.Unusable(directory, e);
        }
    }

    private static bool IsTargetFailure(Exception e) =>
        e is (IOException or UnauthorizedAccessException) && !ArtifactReader.IsContentFailure(e);
}
