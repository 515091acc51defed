using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Places;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Transfers;

namespace EtcdBackupAgent.Core.Restores;

/// <summary>What a restore put where.</summary>
public sealed record RestoreOutcome
{
    public required SnapshotManifest Manifest { get; init; }

    /// <summary>Absolute path of the etcd snapshot; null if the snapshot holds none.</summary>
    public required string? SnapshotPath { get; init; }

    /// <summary>Absolute path of the certificates; null if the snapshot holds none.</summary>
    public required string? CertificatesPath { get; init; }
}

/// <summary>
/// Brings one snapshot back into a directory: <c>etcd-snapshot.db</c>, as <c>etcdutl snapshot restore</c> takes it, and the certificates
/// below <c>certificates/</c>. No Kubernetes API and no etcd is asked.
/// </summary>
/// <remarks>
/// 0. Refuse a target in the repository, or around it.
/// 1. Find the snapshot.
/// 2. Claim the target: it must be empty, unless overwriting was asked for.
/// 3. Write everything into a staging directory within the target, so that it is on the same file system.
/// 4. Only when every byte has been proved, rename into place; the database last.
/// A failure leaves the target as it was. What a killed restore left is removed by the next.
/// </remarks>
public sealed class RestoreRun(BackupRepository repository)
{
    public const string SnapshotFileName = "etcd-snapshot.db";
    public const string CertificatesDirectoryName = "certificates";

    /// <summary>
    /// What is said to do about a target that is not empty; which way to another one there is, the caller knows.
    /// </summary>
    public string NotEmptyHint { get; init; } = "Name an empty or new directory.";

    /// <param name="idText">A snapshot ID, the beginning of one, or <c>latest</c>.</param>
    /// <param name="identities">What opens an encrypted snapshot; empty for an unencrypted one.</param>
    /// <param name="targetDirectory">Where to; made if missing.</param>
    /// <param name="overwrite">Whether files of an earlier restore may be replaced; others are never touched.</param>
    /// <param name="progress">Told about the bytes.</param>
    /// <param name="cancellationToken">Ends it; the target is then as it was.</param>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.TargetUnusable"/>, <see cref="FailureReason.DataDamaged"/>, <see cref="FailureReason.KeyRefused"/>,
    /// <see cref="FailureReason.SnapshotNotFound"/>, or what the store says.
    /// </exception>
    public async Task<RestoreOutcome> ExecuteAsync(
        string idText,
        IReadOnlyList<AgeIdentity> identities,
        string targetDirectory,
        bool overwrite,
        IProgress<TransferProgress> progress,
        CancellationToken cancellationToken)
    {
        // 0. the places
        SeparatePlaces.RequireForRestore(repository.Store, targetDirectory);

        // 1. the snapshot
        Snapshot snapshot = await repository.FindAsync(idText, cancellationToken);
        ArtifactFetch fetch = new(repository.Store, identities, progress);

        // 2. the target
        using RestoreTarget target = RestoreTarget.Claim(targetDirectory, overwrite ? null : NotEmptyHint);

        // 3. the bytes
        string? certificates = null;
        string? database = null;
        foreach (ArtifactManifest artifact in snapshot.Manifest.Artifacts)
        {
            switch (artifact.Kind)
            {
                case ArtifactKind.Etcd:
                    database = target.Staged(SnapshotFileName);
                    await fetch.DatabaseAsync(artifact, database, keep: true, cancellationToken);
                    break;
                case ArtifactKind.Certs:
                    certificates = target.Staged(CertificatesDirectoryName);
                    await fetch.CertificatesAsync(artifact, certificates, cancellationToken);
                    break;
            }
        }

        // 4. into place
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            RestoreOutcome outcome = new()
            {
                Manifest = snapshot.Manifest,
                CertificatesPath = certificates is null ? null : target.Publish(CertificatesDirectoryName),
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
