using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Archive.Tar;
using EtcdBackupAgent.Core.Artifacts;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Core.Transfers;

namespace EtcdBackupAgent.Core.Restores;

/// <summary>Brings artifacts into files that are not visible under their own names yet; what returns is proved.</summary>
internal sealed class ArtifactFetch(
    IObjectStore store, IReadOnlyList<AgeIdentity> identities, IProgress<TransferProgress> progress)
{
    private const int CopyBufferBytes = 1 << 18;

    private readonly ArtifactReader _reader = new(store, identities, progress);

    /// <summary>
    /// Writes the etcd snapshot, trailer included, to a new file that only its owner can read. One that is to be kept is on the disk
    /// when this returns.
    /// </summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.DataDamaged"/>, <see cref="FailureReason.KeyRefused"/>, <see cref="FailureReason.TargetUnusable"/>,
    /// or what the store says.
    /// </exception>
    public Task DatabaseAsync(ArtifactManifest artifact, string path, bool keep, CancellationToken cancellationToken) =>
        _reader.ReadAsync(artifact, plain => WriteSnapshotAsync(plain, path, keep, cancellationToken), cancellationToken);

    /// <summary>
    /// Extracts the certificates to a new directory. What a tar says is acted upon, so it is read and proved once before;
    /// certificates are small.
    /// </summary>
    /// <exception cref="BackupException">As for <see cref="DatabaseAsync"/>.</exception>
    public async Task CertificatesAsync(ArtifactManifest artifact, string directory, CancellationToken cancellationToken)
    {
        ArtifactReader prover = new(store, identities, new Progress<TransferProgress>());
        await prover.ReadAsync(
            artifact, plain => TarInspector.ReadAllAsync(plain, cancellationToken), cancellationToken);
        await _reader.ReadAsync(
            artifact, plain => ExtractAsync(plain, directory, cancellationToken), cancellationToken);
    }

    private static async Task WriteSnapshotAsync(Stream plain, string path, bool keep, CancellationToken cancellationToken)
    {
        try
        {
            await using FileStream file = new(path, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                Options = FileOptions.Asynchronous,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
                BufferSize = 0,
            });
            await plain.CopyToAsync(file, CopyBufferBytes, cancellationToken);
            file.Flush(flushToDisk: keep);
        }
        catch (Exception e) when (IsOfTarget(e))
        {
            throw RestoreTarget.Unusable(path, e);
        }
    }

    private static async Task ExtractAsync(Stream plain, string directory, CancellationToken cancellationToken)
    {
        try
        {
            await TarExtractor.ExtractAsync(plain, directory, cancellationToken);
        }
        catch (Exception e) when (IsOfTarget(e))
        {
            throw RestoreTarget.Unusable(directory, e);
        }
    }

    private static bool IsOfTarget(Exception e) =>
        e is (IOException or UnauthorizedAccessException) && !ArtifactReader.IsOfContent(e);
}
