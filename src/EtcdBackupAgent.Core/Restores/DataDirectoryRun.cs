using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Core.Databases;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Places;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.RestorePoints;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Core.Transfers;
using EtcdBackupAgent.Snapshots;
using EtcdBackupAgent.Snapshots.DataDirectory;

namespace EtcdBackupAgent.Core.Restores;

/// <summary>The data directory to build.</summary>
public sealed record DataDirectoryRequest
{
    /// <summary>The new member's data directory; created if missing, refused if not empty.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>
    /// The directory of etcd's log, for an etcd that runs with <c>--wal-dir</c>; created if missing, refused if not
    /// empty. Null for a log in the data directory.
    /// </summary>
    public string? WalDirectory { get; init; }

    /// <summary>
    /// The member, its cluster and its revision. If there is no token, one is derived from the snapshot.
    /// </summary>
    public required RestorePlan Plan { get; init; }

    /// <summary>The directory for the certificates; null to leave them in the repository.</summary>
    public string? CertificatesDirectory { get; init; }
}

/// <summary>The data directory that was built.</summary>
public sealed record DataDirectoryOutcome
{
    /// <summary>The manifest; null if the snapshot came from a file.</summary>
    public required SnapshotManifest? Manifest { get; init; }

    /// <summary>The other revision that was restored, if it was not the snapshot's own.</summary>
    public RestoredRevision? Revision { get; init; }

    /// <summary>Absolute path of the data directory.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>Absolute path of the log's directory; null if the log is in the data directory.</summary>
    public required string? WalDirectory { get; init; }

    /// <summary>Absolute path of the certificates; null if they were not requested.</summary>
    public required string? CertificatesPath { get; init; }

    /// <summary>The new cluster: its ID, its members' IDs, its token; and the differences from the snapshot.</summary>
    public required RestoreSummary Summary { get; init; }
}

/// <summary>
/// Builds the data directory of a new etcd member from a snapshot, ready for etcd to start, like <c>etcdutl snapshot
/// restore</c> but without it. It calls neither the Kubernetes API nor etcd.
/// </summary>
/// <remarks>
/// 0. Refuse directories that contain each other, or that are in the repository.
/// 1. Find the snapshot, and refuse a token that would give the restored cluster the ID of the lost one.
/// 2. Claim the data directory, and those for the log and the certificates: each must be empty or missing.
/// 3. Fetch the database into a file on the target's file system, and verify it. A snapshot that is already a file is
///    verified while it is read.
/// 4. Fetch and verify the certificates.
/// 5. Derive the token, unless one was given. Refuse a token with which a cluster was restored before and then
///    continued to run. Build <c>member/</c> in a staging directory.
/// 6. Rename into place, <c>member/</c> last: a failure before this step leaves everything unchanged.
/// An existing directory keeps its owner, who also owns everything that is put into it.
/// </remarks>
public static class DataDirectoryRun
{
    private const string DatabaseStep = "data directory";

    private const string DamagedInRepositoryHint =
        "Restore from another snapshot; 'etcd-backup-agent verify --deep ID' shows whether it is sound. "
        + "If there is no other: 'restore ID --to DIR' restores the file unchanged, "
        + "and etcdutl may accept a file that is refused here.";

    private const string DamagedFileHint =
        "Restore from another snapshot; 'etcd-backup-agent inspect FILE' shows what is wrong with a file. "
        + "If there is no other: etcdutl may accept a file that is refused here.";

    /// <param name="repository">The repository of the snapshot.</param>
    /// <param name="selection">The snapshot, the revision or the moment.</param>
    /// <param name="identities">The identities that open an encrypted snapshot; empty for an unencrypted one.</param>
    /// <param name="request">The data directory to build.</param>
    /// <param name="progress">Receives the progress in bytes.</param>
    /// <param name="cancellationToken">A cancelled call leaves nothing behind.</param>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.TargetUnusable"/>, <see cref="FailureReason.DataDamaged"/>,
    /// <see cref="FailureReason.KeyRefused"/>, <see cref="FailureReason.SnapshotNotFound"/>, or the store's reason.
    /// </exception>
    public static async Task<DataDirectoryOutcome> FromRepositoryAsync(
        BackupRepository repository,
        RestoreSelection selection,
        IReadOnlyList<AgeIdentity> identities,
        DataDirectoryRequest request,
        IProgress<TransferProgress> progress,
        CancellationToken cancellationToken)
    {
        // 0. the places
        RequireApart(repository.Store, request);

        // 1. the snapshot
        Inventory inventory = await repository.TakeInventoryAsync(cancellationToken);
        RestorePoint point =
            await new PointChoice(repository, identities).FindAsync(selection, inventory, cancellationToken);
        RestoredIdentity.RequireOther(request.Plan, point.Snapshot.Manifest);

        // 2. the targets
        using DataDirectoryTargets targets =
            DataDirectoryTargets.Claim(request, point.Snapshot.Manifest.Certificates is not null);
        targets.RequireRoom(
            DatabaseFetch.RoomBytes(point) + DatabaseFetch.SizeBytesMax(point),
            "the snapshot, the database built from it");

        // 3. the database
        ArtifactFetch fetch = new(repository.Store, identities, progress);
        string fetched = targets.Data.Staged(RestoreRun.SnapshotFileName);
        WrittenDatabase written = await fetch.DatabaseAsync(point, fetched, keep: false, cancellationToken);
        SnapshotManifest manifest = written.Point.Snapshot.Manifest;

        // 4. the certificates
        if (targets.StagedCertificates is { } staged && manifest.Certificates is { } certificates)
        {
            await fetch.CertificatesAsync(certificates, staged, cancellationToken);
        }

        // 5. the member
        using SnapshotInput input = SnapshotInput.Open(fetched, skipHashCheck: false);
        File.Delete(fetched);
        RestorePlan plan = WithToken(request.Plan, input, cancellationToken);
        RestoredIdentity.RequireUnused(plan, inventory.Snapshots);
        RestoreSummary summary =
            await BuildAsync(input, targets, plan, DamagedInRepositoryHint, progress, cancellationToken);

        // 6. into place
        cancellationToken.ThrowIfCancellationRequested();
        targets.Publish();
        return Outcome(manifest, targets, summary) with { Revision = RestoredRevision.Of(written) };
    }

    /// <param name="snapshotPath">A snapshot file, or a copy of a stopped member's <c>member/snap/db</c>.</param>
    /// <param name="skipHashCheck">Accept a file without etcd's SHA-256 at its end, such as a copied database.</param>
    /// <param name="request">The data directory to build, without certificates.</param>
    /// <param name="progress">Receives the progress in bytes.</param>
    /// <param name="cancellationToken">A cancelled call leaves nothing behind.</param>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.TargetUnusable"/>, <see cref="FailureReason.DataDamaged"/>,
    /// <see cref="FailureReason.InvalidInput"/>.
    /// </exception>
    public static async Task<DataDirectoryOutcome> FromFileAsync(
        string snapshotPath,
        bool skipHashCheck,
        DataDirectoryRequest request,
        IProgress<TransferProgress> progress,
        CancellationToken cancellationToken)
    {
        // 0. the places
        RequireApart(store: null, request);

        // 1. the snapshot
        using SnapshotInput input = SnapshotInput.Open(snapshotPath, skipHashCheck);

        // 2. the targets
        using DataDirectoryTargets targets = DataDirectoryTargets.Claim(request, withCertificates: false);
        targets.RequireRoom(input.DatabaseBytes, "the database");

        // 3. and 5. the proof and the member, at the same time
        RestorePlan plan = await Task.Run(() => WithToken(request.Plan, input, cancellationToken), cancellationToken);
        Task proof = Task.Run(() => input.RequireTrailer(cancellationToken), cancellationToken);
        Task<RestoreSummary> member = BuildAsync(input, targets, plan, DamagedFileHint, progress, cancellationToken);
        await FirstFailureOf(proof, member);

        // 6. into place
        cancellationToken.ThrowIfCancellationRequested();
        targets.Publish();
        return Outcome(manifest: null, targets, await member);
    }

    private static void RequireApart(IObjectStore? store, DataDirectoryRequest request) =>
        SeparatePlaces.RequireForDataDirectory(
            store, request.DataDirectory, request.WalDirectory, request.CertificatesDirectory);

    private static RestorePlan WithToken(RestorePlan plan, SnapshotInput input, CancellationToken cancellationToken) =>
        plan.Token is not null
            ? plan
            : plan with { Token = ClusterToken.Derive(input.DatabaseSha256(cancellationToken), plan) };

    private static async Task<RestoreSummary> BuildAsync(
        SnapshotInput input,
        DataDirectoryTargets targets,
        RestorePlan plan,
        string damagedHint,
        IProgress<TransferProgress> progress,
        CancellationToken cancellationToken)
    {
        ByteProgress bytes = new(DatabaseStep, input.DatabaseBytes, progress);
        try
        {
            return await Task.Run(
                () => DataDirectoryWriter.Write(
                    input.File,
                    input.DatabaseBytes,
                    targets.Data.StagingPath,
                    targets.StagedLog,
                    plan,
                    bytes,
                    cancellationToken),
                cancellationToken);
        }
        catch (OldMemberException e)
        {
            throw RestoredIdentity.Refused($"With the token '{plan.Token}' member {e.Message}", e);
        }
        catch (SnapshotDamagedException e)
        {
            throw new BackupException(
                FailureReason.DataDamaged, $"{input.Name} is damaged: {e.Message.TrimEnd('.')}.", e)
            {
                Hint = damagedHint,
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw RestoreTarget.Unusable(targets.Data.Path, e);
        }
    }

    private static DataDirectoryOutcome Outcome(
        SnapshotManifest? manifest, DataDirectoryTargets targets, RestoreSummary summary) => new()
        {
            Manifest = manifest,
            DataDirectory = targets.Data.Path,
            WalDirectory = targets.LogDirectory,
            CertificatesPath = targets.CertificatesDirectory,
            Summary = summary,
        };

    /// <summary>
    /// Waits for both, so that nothing still runs when the target is removed. A damaged trailer is reported before the
    /// effects of the damage on the tree.
    /// </summary>
    private static async Task FirstFailureOf(Task proof, Task member)
    {
        await Task.WhenAll(proof, member).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await proof;
        await member;
    }

    /// <summary>Converts a number of bytes to progress reports.</summary>
    private sealed class ByteProgress(string step, long total, IProgress<TransferProgress> progress) : IProgress<long>
    {
        public void Report(long value) =>
            progress.Report(new TransferProgress(step, value, total));
    }
}
