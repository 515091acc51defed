using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Places;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Core.Transfers;
using EtcdBackupAgent.Snapshots;
using EtcdBackupAgent.Snapshots.DataDirectory;

namespace EtcdBackupAgent.Core.Restores;

/// <summary>What to build, and where.</summary>
public sealed record DataDirectoryRequest
{
    /// <summary>The new member's data directory; made if missing, refused unless empty.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>
    /// Where etcd's log goes, for an etcd that runs with <c>--wal-dir</c>; made if missing, refused unless empty. Null
    /// to have it in the data directory.
    /// </summary>
    public string? WalDirectory { get; init; }

    /// <summary>The member, its cluster and its revision. Without a token one is derived from the snapshot.</summary>
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

    /// <summary>Absolute path of the log's directory; null if the log is in the data directory.</summary>
    public required string? WalDirectory { get; init; }

    /// <summary>Absolute path of the certificates; null if they were not asked for.</summary>
    public required string? CertificatesPath { get; init; }

    /// <summary>
    /// What the new cluster is: its id, its members' ids, its token; and what differs from the snapshot.
    /// </summary>
    public required RestoreSummary Summary { get; init; }
}

/// <summary>
/// Builds the data directory of a new etcd member out of a snapshot, ready for etcd to start on: what <c>etcdutl snapshot restore</c>
/// does, without it. No Kubernetes API and no etcd is asked.
/// </summary>
/// <remarks>
/// 0. Refuse directories that lie in each other, or in the repository.
/// 1. Find the snapshot, and refuse a token that would make the restored cluster the one that was lost.
/// 2. Claim the data directory, and those for the log and the certificates: each must be empty or missing.
/// 3. Fetch the database into a file of the target's own file system, and prove it. A snapshot that is a file already is proved while
///    it is read.
/// 4. Fetch and prove the certificates.
/// 5. Derive the token, unless one was given; refuse one by which a cluster was restored before that has lived on; and
///    build <c>member/</c> in a staging directory.
/// 6. Only now rename into place, <c>member/</c> last: a failure before leaves everything as it was.
/// A directory that was there before stays its owner's, and so does all that is put into it.
/// </remarks>
public static class DataDirectoryRun
{
    private const string DatabaseStep = "data directory";

    private const string DamagedInRepositoryHint =
        "Restore from another snapshot; 'etcd-backup-agent verify --deep ID' shows whether it is sound. "
        + "If there is no other: 'restore ID --to DIR' gives the file as it is, "
        + "and etcdutl may take what is not taken here.";

    private const string DamagedFileHint =
        "Restore from another snapshot; 'etcd-backup-agent inspect FILE' shows what is wrong with a file. "
        + "If there is no other: etcdutl may take what is not taken here.";

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
        // 0. the places
        RequireApart(repository.Store, request);

        // 1. the snapshot
        Inventory inventory = await repository.TakeInventoryAsync(cancellationToken);
        Snapshot snapshot = SnapshotChoice.Find(inventory, idText, repository.Store.Address);
        ArtifactManifest database = snapshot.Manifest.Artifacts.FirstOrDefault(a => a.Kind == ArtifactKind.Etcd)
            ?? throw new BackupException(FailureReason.DataDamaged, $"Snapshot {snapshot.Id} holds no etcd database.");
        ArtifactManifest? certificates = snapshot.Manifest.Artifacts.FirstOrDefault(a => a.Kind == ArtifactKind.Certs);
        RestoredIdentity.RequireOther(request.Plan, snapshot.Manifest);

        // 2. the targets
        using DataDirectoryTargets targets =
            DataDirectoryTargets.Claim(request, withCertificates: certificates is not null);
        targets.RequireRoom(2 * database.PlainBytes, "the snapshot, the database made of it");

        // 3. the database
        ArtifactFetch fetch = new(repository.Store, identities, progress);
        string fetched = targets.Data.Staged(RestoreRun.SnapshotFileName);
        await fetch.DatabaseAsync(database, fetched, keep: false, cancellationToken);

        // 4. the certificates
        if (targets.StagedCertificates is { } staged)
        {
            await fetch.CertificatesAsync(certificates!, staged, cancellationToken);
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
        return Outcome(snapshot.Manifest, targets, summary);
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
        // 0. the places
        RequireApart(store: null, request);

        // 1. the snapshot
        using SnapshotInput input = SnapshotInput.Open(snapshotPath, skipHashCheck);

        // 2. the targets
        using DataDirectoryTargets targets = DataDirectoryTargets.Claim(request, withCertificates: false);
        targets.RequireRoom(input.DatabaseBytes, "the database");

        // 3. and 5. the proof and the member, side by side
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
            throw new BackupException(FailureReason.DataDamaged, $"{input.Name} is damaged: {e.Message.TrimEnd('.')}.", e)
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
