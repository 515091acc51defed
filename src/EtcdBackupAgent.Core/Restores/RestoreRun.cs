using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Core.Databases;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Places;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.RestorePoints;
using EtcdBackupAgent.Core.Transfers;

namespace EtcdBackupAgent.Core.Restores;

/// <summary>The result of a restore.</summary>
public sealed record RestoreOutcome
{
    /// <summary>The manifest of the snapshot that was restored.</summary>
    public required SnapshotManifest Manifest { get; init; }

    /// <summary>The other revision that was restored, if it was not the snapshot's own.</summary>
    public RestoredRevision? Revision { get; init; }

    /// <summary>Absolute path of the etcd snapshot; null if the snapshot contains none.</summary>
    public required string? SnapshotPath { get; init; }

    /// <summary>
    /// Absolute path of the objects that an API server listed; null if the snapshot contains none.
    /// </summary>
    public string? ObjectsPath { get; init; }

    /// <summary>Absolute path of the certificates; null if the snapshot contains none.</summary>
    public required string? CertificatesPath { get; init; }
}

/// <summary>
/// Restores one snapshot to a directory: <c>etcd-snapshot.db</c>, as <c>etcdutl snapshot restore</c> accepts it, or
/// <c>objects.jsonl</c>; and the certificates below <c>certificates/</c>. It calls neither the Kubernetes API nor etcd.
/// </summary>
/// <remarks>
/// 0. Refuse a target that is in the repository or contains it.
/// 1. Find the snapshot.
/// 2. Claim the target: it must be empty, unless overwriting was requested.
/// 3. Write everything to a staging directory within the target, so that it is on the same file system.
/// 4. After every byte is verified, rename into place, the database last.
/// A failure leaves the target unchanged. The next restore removes the remains of one that was killed.
/// </remarks>
public sealed class RestoreRun(BackupRepository repository)
{
    /// <summary>The name of the etcd snapshot in the target.</summary>
    public const string SnapshotFileName = "etcd-snapshot.db";

    /// <summary>The name of the objects in the target.</summary>
    public const string ObjectsFileName = "objects.jsonl";

    /// <summary>The name of the directory of the certificates in the target.</summary>
    public const string CertificatesDirectoryName = "certificates";

    /// <summary>
    /// The hint for a target that is not empty. The caller sets it, because it knows how the user can choose another
    /// target.
    /// </summary>
    public string NotEmptyHint { get; init; } = "Choose an empty or new directory.";

    /// <param name="selection">The snapshot, the revision or the moment.</param>
    /// <param name="identities">The identities that open an encrypted snapshot; empty for an unencrypted one.</param>
    /// <param name="targetDirectory">The target directory; created if missing.</param>
    /// <param name="overwrite">Whether files of an earlier restore may be replaced; others are never touched.</param>
    /// <param name="progress">Receives the progress in bytes.</param>
    /// <param name="cancellationToken">A cancelled call leaves the target unchanged.</param>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.TargetUnusable"/>, <see cref="FailureReason.DataDamaged"/>,
    /// <see cref="FailureReason.KeyRefused"/>, <see cref="FailureReason.SnapshotNotFound"/>, or the store's reason.
    /// </exception>
    public async Task<RestoreOutcome> ExecuteAsync(
        RestoreSelection selection,
        IReadOnlyList<AgeIdentity> identities,
        string targetDirectory,
        bool overwrite,
        IProgress<TransferProgress> progress,
        CancellationToken cancellationToken)
    {
        // 0. the places
        SeparatePlaces.RequireForRestore(repository.Store, targetDirectory);

        // 1. the snapshot
        RestorePoint point = await new PointChoice(repository, identities).FindAsync(selection, cancellationToken);
        return await RestoreAsync(point, identities, targetDirectory, overwrite, progress, cancellationToken);
    }

    /// <summary>Restores a point that was found before. Otherwise it is as the other overload.</summary>
    public Task<RestoreOutcome> ExecuteAsync(
        RestorePoint point,
        IReadOnlyList<AgeIdentity> identities,
        string targetDirectory,
        bool overwrite,
        IProgress<TransferProgress> progress,
        CancellationToken cancellationToken)
    {
        SeparatePlaces.RequireForRestore(repository.Store, targetDirectory);
        return RestoreAsync(point, identities, targetDirectory, overwrite, progress, cancellationToken);
    }

    private async Task<RestoreOutcome> RestoreAsync(
        RestorePoint point,
        IReadOnlyList<AgeIdentity> identities,
        string targetDirectory,
        bool overwrite,
        IProgress<TransferProgress> progress,
        CancellationToken cancellationToken)
    {
        ArtifactFetch fetch = new(repository.Store, identities, progress);

        // 2. the target
        using RestoreTarget target = RestoreTarget.Claim(targetDirectory, overwrite ? null : NotEmptyHint);

        // 3. the bytes
        string? certificates = null;
        string? database = null;
        WrittenDatabase? written = null;
        if (point.Snapshot.Manifest.Database is not null)
        {
            database = target.Staged(SnapshotFileName);
            written = await fetch.DatabaseAsync(point, database, keep: true, cancellationToken);
        }

        string? objects = null;
        if (point.Snapshot.Manifest.Objects is { } lines)
        {
            objects = target.Staged(ObjectsFileName);
            await fetch.ObjectsAsync(lines, objects, cancellationToken);
        }

        SnapshotManifest manifest = (written?.Point ?? point).Snapshot.Manifest;
        if (manifest.Certificates is { } tar)
        {
            certificates = target.Staged(CertificatesDirectoryName);
            await fetch.CertificatesAsync(tar, certificates, cancellationToken);
        }

        // 4. into place
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            RestoreOutcome outcome = new()
            {
                Manifest = manifest,
                Revision = RestoredRevision.Of(written),
                CertificatesPath = certificates is null ? null : target.Publish(CertificatesDirectoryName),
                ObjectsPath = objects is null ? null : target.Publish(ObjectsFileName),
                SnapshotPath = database is null ? null : target.Publish(SnapshotFileName),
            };
            target.Sync();
            return outcome;
        }
        catch
        {
            target.Withdraw();
            throw;
        }
    }
}
