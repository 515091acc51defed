using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Archive.FileSystem;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Snapshots;
using EtcdBackupAgent.Snapshots.DataDirectory;

namespace EtcdBackupAgent.Core.Restores;

/// <summary>What to build, and where.</summary>
public sealed record DataDirectoryRequest
{
    /// <summary>The new member's data directory; made if missing, refused unless empty.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>The member, its cluster and its revision.</summary>
    public required RestorePlan Plan { get; init; }

    /// <summary>Where the certificates go; null to leave them in the repository.</summary>
    public string? CertificatesDirectory { get; init; }
}

/// <summary>What was built.</summary>
public sealed record DataDirectoryOutcome
{
    /// <summary>Null if the snapshot came from a file.</summary>
    public required SnapshotManifest? Manifest { get; init; }

    /// <summary>Absolute path of the data directory.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>Absolute path of the certificates; null if they were not asked for.</summary>
    public required string? CertificatesPath { get; init; }

    public required RestoreSummary Summary { get; init; }
}

/// <summary>
/// Builds the data directory of a new etcd member out of a snapshot, ready for etcd to start on: what <c>etcdutl snapshot restore</c>
/// does, without it. No Kubernetes API and no etcd is asked.
/// </summary>
/// <remarks>
/// 1. Find the snapshot.
/// 2. Claim the data directory and the one for the certificates: each must be empty or missing.
/// 3. Fetch the database into a file of the target's own file system, and prove it. A snapshot that is a file already is proved while
///    it is read.
/// 4. Fetch and prove the certificates.
/// 5. Build <c>member/</c> in a staging directory.
/// 6. Only now rename into place, <c>member/</c> last: a failure before leaves everything as it was.
/// A directory that was there before stays its owner's, and so does all that is put into it.
/// </remarks>
public static class DataDirectoryRun
{
    private const string MemberDirectoryName = "member";
    private const string DatabaseStep = "data directory";

    /// <param name="repository">Where the snapshot is.</param>
    /// <param name="idText">A snapshot ID, the beginning of one, or <c>latest</c>.</param>
    /// <param name="identities">What opens an encrypted snapshot; empty for an unencrypted one.</param>
    /// <param name="request">What to build.</param>
    /// <param name="progress">Told about the bytes.</param>
    /// <param name="cancellationToken">Ends it; nothing is left then.</param>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.TargetUnusable"/>, <see cref="FailureReason.DataDamaged"/>, <see cref="FailureReason.KeyRefused"/>,
    /// <see cref="FailureReason.SnapshotNotFound"/>, or what the store says.
    /// </exception>
    public static async Task<DataDirectoryOutcome> FromRepositoryAsync(
        BackupRepository repository,
        string idText,
        IReadOnlyList<AgeIdentity> identities,
        DataDirectoryRequest request,
        IProgress<TransferProgress> progress,
        CancellationToken cancellationToken)
    {
        // 1. the snapshot
        Snapshot snapshot = await repository.FindAsync(idText, cancellationToken);
        ArtifactManifest database = snapshot.Manifest.Artifacts.FirstOrDefault(a => a.Kind == ArtifactKind.Etcd)
            ?? throw new BackupException(FailureReason.DataDamaged, $"Snapshot {snapshot.Id} holds no etcd database.");
        ArtifactManifest? certificates = snapshot.Manifest.Artifacts.FirstOrDefault(a => a.Kind == ArtifactKind.Certs);

        // 2. the targets
        using RestoreTarget target = RestoreTarget.Claim(request.DataDirectory, overwrite: false);
        using RestoreTarget? certificatesTarget = request.CertificatesDirectory is { } directory && certificates is not null
            ? RestoreTarget.Claim(directory, overwrite: false)
            : null;
        target.RequireRoom(2 * database.PlainBytes, "the snapshot and the database made of it");

        // 3. the database
        ArtifactFetch fetch = new(repository.Store, identities, progress);
        string fetched = target.Staged(RestoreRun.SnapshotFileName);
        await fetch.DatabaseAsync(database, fetched, keep: false, cancellationToken);

        // 4. the certificates
        if (certificatesTarget is not null)
        {
            await fetch.CertificatesAsync(
                certificates!, certificatesTarget.Staged(RestoreRun.CertificatesDirectoryName), cancellationToken);
        }

        // 5. the member
        using SnapshotInput input = SnapshotInput.Open(fetched, skipHashCheck: false);
        File.Delete(fetched);
        RestoreSummary summary = await BuildAsync(input, target, request.Plan, progress, cancellationToken);

        // 6. into place
        cancellationToken.ThrowIfCancellationRequested();
        string? certificatesPath = certificatesTarget?.PublishContent(RestoreRun.CertificatesDirectoryName);
        Publish(target);
        return new DataDirectoryOutcome
        {
            Manifest = snapshot.Manifest,
            DataDirectory = target.Path,
            CertificatesPath = certificatesPath,
            Summary = summary,
        };
    }

    /// <param name="snapshotPath">A snapshot file, or a copy of a stopped member's <c>member/snap/db</c>.</param>
    /// <param name="skipHashCheck">Take a file without etcd's SHA-256 at its end, as a copied database is.</param>
    /// <param name="request">What to build; without certificates.</param>
    /// <param name="progress">Told about the bytes.</param>
    /// <param name="cancellationToken">Ends it; nothing is left then.</param>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.TargetUnusable"/>, <see cref="FailureReason.DataDamaged"/>, <see cref="FailureReason.InvalidInput"/>.
    /// </exception>
    public static async Task<DataDirectoryOutcome> FromFileAsync(
        string snapshotPath,
        bool skipHashCheck,
        DataDirectoryRequest request,
        IProgress<TransferProgress> progress,
        CancellationToken cancellationToken)
    {
        // 1. the snapshot
        using SnapshotInput input = SnapshotInput.Open(snapshotPath, skipHashCheck);

        // 2. the target
        using RestoreTarget target = RestoreTarget.Claim(request.DataDirectory, overwrite: false);
        target.RequireRoom(input.DatabaseBytes, "the database");

        // 3. and 5. the proof and the member, side by side
        Task proof = Task.Run(() => input.RequireTrailer(cancellationToken), cancellationToken);
        Task<RestoreSummary> member = BuildAsync(input, target, request.Plan, progress, cancellationToken);
        await FirstFailureOf(proof, member);

        // 6. into place
        cancellationToken.ThrowIfCancellationRequested();
        Publish(target);
        return new DataDirectoryOutcome
        {
            Manifest = null,
            DataDirectory = target.Path,
            CertificatesPath = null,
            Summary = await member,
        };
    }

    private static async Task<RestoreSummary> BuildAsync(
        SnapshotInput input,
        RestoreTarget target,
        RestorePlan plan,
        IProgress<TransferProgress> progress,
        CancellationToken cancellationToken)
    {
        ByteProgress bytes = new(DatabaseStep, input.DatabaseBytes, progress);
        try
        {
            return await Task.Run(
                () => DataDirectoryWriter.Write(
                    input.File, input.DatabaseBytes, target.StagingPath, plan, bytes, cancellationToken),
                cancellationToken);
        }
        catch (SnapshotDamagedException e)
        {
            throw new BackupException(FailureReason.DataDamaged, $"{input.Name} is damaged: {e.Message.TrimEnd('.')}.", e)
            {
                Hint = "Restore from another snapshot; 'etcd-backup-agent verify --deep ID' tells which are sound. If there is no other: "
                    + "'restore --to' gives the file as it is, and etcdutl may take what is not taken here.",
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw RestoreTarget.Unusable(target.Path, e);
        }
    }

    private static void Publish(RestoreTarget target)
    {
        try
        {
            FileOwner.GiveTree(target.Staged(MemberDirectoryName), target.Path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw RestoreTarget.Unusable(target.Path, e);
        }

        target.Publish(MemberDirectoryName);
    }

    /// <summary>
    /// Waits for both, so that nothing runs on when the target goes. A damaged trailer is told before what the damage did to the tree.
    /// </summary>
    private static async Task FirstFailureOf(Task proof, Task member)
    {
        await Task.WhenAll(proof, member).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await proof;
        await member;
    }

    /// <summary>Turns a count of bytes into steps that are shown.</summary>
    private sealed class ByteProgress(string step, long total, IProgress<TransferProgress> progress) : IProgress<long>
    {
        public void Report(long value) =>
            progress.Report(new TransferProgress(step, value, total));
    }
}
