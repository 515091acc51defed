using System.Runtime.CompilerServices;
using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Archive.Tar;
using EtcdBackupAgent.Core.Artifacts;
using EtcdBackupAgent.Core.Databases;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Places;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.RestorePoints;
using EtcdBackupAgent.Core.Restores;
using EtcdBackupAgent.Core.Transfers;
using EtcdBackupAgent.Snapshots;
using EtcdBackupAgent.Snapshots.Verification;
using Microsoft.Win32.SafeHandles;

namespace EtcdBackupAgent.Core.Verification;

/// <summary>
/// Verifies the content of snapshots as deeply as is possible without an etcd, and records the results.
/// </summary>
/// <remarks>
/// <para>
/// 1. Find the snapshots. For each snapshot:
/// 2. Fetch the database into a scratch file, with all checks of <see cref="VerifyRun"/>.
/// 3. Check its content: pages, revisions, HashKV. Objects that an API server listed: every line.
/// 4. Read every entry of the certificates' tar.
/// 5. Write the record.
/// 6. If the snapshot is sound and has a restore point, check the state there too, which a restore goes to.
/// </para>
/// <para>
/// Damage does not stop the run: the other parts are checked nevertheless. Without a key the content of an encrypted
/// snapshot cannot be checked, which is an error here. A store that does not respond and a full scratch directory are
/// errors too, because neither proves anything about the data.
/// </para>
/// </remarks>
public sealed class DeepVerifyRun(
    BackupRepository repository,
    IReadOnlyList<AgeIdentity> identities,
    string scratchDirectory,
    string agentVersion,
    TimeProvider time)
{
    private const string BytesDiffer = "not checked, because its bytes are not those that were backed up";

    /// <summary>Checks the content of a database.</summary>
    internal Func<SafeFileHandle, long, HashKv?, CancellationToken, SnapshotProof> Verify { get; init; } =
        SnapshotVerifier.Verify;

    /// <summary>
    /// Verifies one snapshot, or all from the oldest to the newest. A snapshot with a restore point has two results:
    /// the first is that of the whole snapshot, and is recorded.
    /// </summary>
    /// <param name="idText">A snapshot ID, the start of one, or <c>latest</c>; null for all.</param>
    /// <param name="progress">Receives the progress in bytes.</param>
    /// <param name="cancellationToken">A cancelled call records nothing about the current snapshot.</param>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.SnapshotNotFound"/>, <see cref="FailureReason.SnapshotAmbiguous"/>,
    /// <see cref="FailureReason.KeyRefused"/>, <see cref="FailureReason.TargetUnusable"/> for the scratch directory, or
    /// the store's reason.
    /// </exception>
    public async IAsyncEnumerable<DeepVerifyOutcome> VerifyAsync(
        string? idText,
        IProgress<TransferProgress> progress,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        SeparatePlaces.RequireForScratch(repository.Store, scratchDirectory);

        // 1. the snapshots
        Inventory inventory = await repository.TakeInventoryAsync(cancellationToken);
        IEnumerable<SnapshotFolder> folders = idText is null
            ? inventory.Folders
            : [SnapshotChoice.FindFolder(inventory, idText, repository.Store.Address)];
        foreach (SnapshotFolder folder in folders)
        {
            if (inventory.Unreadable.FirstOrDefault(s => s.Folder == folder) is { } unreadable)
            {
                yield return new DeepVerifyOutcome { Folder = folder, ManifestProblem = unreadable.Problem };
                continue;
            }

            Snapshot snapshot = inventory.Snapshots.Single(s => s.Folder == folder);
            if (repository.FindDoubt(snapshot) is { } doubt)
            {
                yield return new DeepVerifyOutcome { Folder = folder, ManifestProblem = doubt };
                continue;
            }

            DeepVerifyOutcome whole = await VerifyAsync(snapshot, progress, cancellationToken);
            yield return whole;

            // 6. the restore point
            if (snapshot.Manifest.RestorePoint is not null && whole.IsSound)
            {
                yield return await VerifyPointAsync(snapshot, inventory, progress, cancellationToken);
            }
        }
    }

    /// <summary>Verifies the state that a restore of the snapshot goes to. The result is not recorded.</summary>
    private async Task<DeepVerifyOutcome> VerifyPointAsync(
        Snapshot snapshot,
        Inventory inventory,
        IProgress<TransferProgress> progress,
        CancellationToken cancellationToken)
    {
        RestorePoint point = RestorePoint.DefaultOf(snapshot);
        try
        {
            return await VerifyAsync(point, HashOf(point, inventory), progress, cancellationToken);
        }
        catch (BackupException e) when (e.Reason == FailureReason.SnapshotNotFound)
        {
            return new DeepVerifyOutcome { Folder = snapshot.Folder, PointProblem = e };
        }
    }

    /// <summary>Verifies a revision or a moment: the snapshot and the change log that a restore of it needs.</summary>
    /// <param name="selection">The revision or the moment.</param>
    /// <param name="progress">Receives the progress in bytes.</param>
    /// <param name="cancellationToken">Cancels the verification.</param>
    /// <exception cref="BackupException">As for a restore of the selection.</exception>
    public async Task<DeepVerifyOutcome> VerifyAsync(
        RestoreSelection selection, IProgress<TransferProgress> progress, CancellationToken cancellationToken)
    {
        SeparatePlaces.RequireForScratch(repository.Store, scratchDirectory);
        Inventory inventory = await repository.TakeInventoryAsync(cancellationToken);
        RestorePoint point =
            await new PointChoice(repository, identities).FindAsync(selection, inventory, cancellationToken);
        return await VerifyAsync(point, HashOf(point, inventory), progress, cancellationToken);
    }

    /// <summary>Verifies a state that a restore can build. The result is not recorded.</summary>
    /// <param name="point">The state.</param>
    /// <param name="hash">A HashKV to compare, at or before the revision of the state; null for none.</param>
    /// <param name="progress">Receives the progress in bytes.</param>
    /// <param name="cancellationToken">Cancels the verification.</param>
    internal async Task<DeepVerifyOutcome> VerifyAsync(
        RestorePoint point, HashKv? hash, IProgress<TransferProgress> progress, CancellationToken cancellationToken) =>
        (await CheckAsync(point, hash, progress, cancellationToken)).Outcome;

    private async Task<DeepVerifyOutcome> VerifyAsync(
        Snapshot snapshot, IProgress<TransferProgress> progress, CancellationToken cancellationToken)
    {
        (DeepVerifyOutcome outcome, VerificationRecord record) = await CheckAsync(
            RestorePoint.Of(snapshot), snapshot.Manifest.Etcd?.HashKv, progress, cancellationToken);

        // 5. the record
        return await RecordAsync(outcome, record, cancellationToken);
    }

    /// <summary>
    /// Returns the newest HashKV that a member computed at or before the revision, after the snapshot was made: it
    /// proves base and log against the live cluster.
    /// </summary>
    private static HashKv? HashOf(RestorePoint point, Inventory inventory) => inventory.Snapshots
        .Where(s => s.Manifest.ClusterId == point.Snapshot.Manifest.ClusterId
            && s.Manifest.Revision >= point.Snapshot.Manifest.Revision)
        .Select(s => s.Manifest.Etcd?.HashKv)
        .OfType<HashKv>()
        .Where(hash => hash.Revision <= (point.Revision ?? point.Snapshot.Manifest.Revision))
        .MaxBy(hash => hash.Revision);

    private async Task<(DeepVerifyOutcome Outcome, VerificationRecord Record)> CheckAsync(
        RestorePoint point,
        HashKv? hash,
        IProgress<TransferProgress> progress,
        CancellationToken cancellationToken)
    {
        DateTimeOffset startedAt = time.GetUtcNow();
        Snapshot snapshot = point.Snapshot;
        SnapshotManifest manifest = snapshot.Manifest;
        ArtifactReader reader = new(repository.Store, identities, progress);
        List<string> transferProblems = [];
        List<VerificationCheck> inside = [];

        // 2. and 3. the database, or the objects
        WrittenDatabase? written = null;
        inside.AddRange(manifest.Objects is not null
            ?
            [
                await ObjectsCheck.RunAsync(
                    reader, manifest, scratchDirectory, transferProblems, cancellationToken)
                    ?? NotChecked(VerifiedPart.Objects, BytesDiffer),
            ]
            : manifest.Database is not null
            ? await CheckDatabaseAsync(
                new DatabaseFetch(repository.Store, identities, progress),
                point,
                hash,
                transferProblems,
                w => written = w,
                cancellationToken)
            : DatabaseNotChecked("the snapshot holds no database"));

        // 4. the certificates
        inside.Add(manifest.Certificates is { } certificates
            ? await CheckCertificatesAsync(reader, certificates, transferProblems, cancellationToken)
            : NotChecked(VerifiedPart.Certificates, "the snapshot holds no certificates"));

        VerificationCheck transfer = new()
        {
            Part = VerifiedPart.Transfer,
            Result = transferProblems.Count == 0 ? CheckResult.Passed : CheckResult.Failed,
            Detail = TransferDetail(point),
            Problems = transferProblems,
        };
        VerificationRecord record = new()
        {
            FormatVersion = RepositoryJson.FormatVersion,
            Id = snapshot.Id,
            ManifestSha256 = manifest.DocumentSha256,
            StartedAt = startedAt,
            CompletedAt = time.GetUtcNow(),
            AgentVersion = agentVersion,
            Result = inside.Prepend(transfer).Any(c => c.Result == CheckResult.Failed)
                ? VerificationResult.Damaged
                : VerificationResult.Sound,
            Checks = [transfer, .. inside],
        };
        VerificationRecord sealedRecord = RepositoryJson.Sealed(record);
        return (
            new DeepVerifyOutcome
            {
                Folder = snapshot.Folder,
                Record = sealedRecord,
                Revision = RestoredRevision.Of(written),
            },
            sealedRecord);
    }

    private static string TransferDetail(RestorePoint point)
    {
        SnapshotManifest manifest = point.Snapshot.Manifest;
        string own = $"{manifest.Artifacts.Count} objects of {manifest.StoredBytes} bytes, {manifest.PlainBytes} bytes "
            + "inside";
        return point.Path is { } path
            ? $"{own}, and {path.Segments.Count} segments of the change log {path.Lineage.Id}"
            : manifest.Objects is not null ? own
            : manifest.Base is { } needed
            ? $"{own}, and the digest of the content merged with the base {needed.Id}"
            : $"{own}, and etcd's SHA-256";
    }

    private async Task<IEnumerable<VerificationCheck>> CheckDatabaseAsync(
        DatabaseFetch fetch,
        RestorePoint point,
        HashKv? hash,
        List<string> transferProblems,
        Action<WrittenDatabase> onWritten,
        CancellationToken cancellationToken)
    {
        if (point.Snapshot.BaseProblem is { } lost)
        {
            transferProblems.Add(lost);
            return DatabaseNotChecked(lost);
        }

        fetch.RequireReadable(point);
        EtcdMember? member = point.Snapshot.Manifest.Etcd;
        using ScratchFile scratch = ScratchFile.Create(scratchDirectory, DatabaseFetch.RoomBytes(point));
        long databaseBytes;
        try
        {
            WrittenDatabase written = await scratch.FillAsync(
                (file, directory) => fetch.WriteAsync(point, file, directory, cancellationToken));
            databaseBytes = written.SizeBytes - SnapshotTrailerCheck.TrailerSizeBytes;
            onWritten(written);
        }
        catch (BackupException e) when (e.Reason == FailureReason.DataDamaged)
        {
            transferProblems.Add(e.Message);
            return DatabaseNotChecked(BytesDiffer);
        }

        SnapshotProof proof = await scratch.ReadAsync(
            file => Verify(file, databaseBytes, hash, cancellationToken), cancellationToken);
        return proof.Checks.Select(check => new VerificationCheck
        {
            Part = PartOf(check.Part),
            Result = check.Result,
            Detail = check is { Part: CheckedPart.HashKv, Result: CheckResult.NotChecked }
                && point.Revision is null && member?.HashKvMissing is { } why
                    ? why.TrimEnd('.')
                    : check.Detail,
            Problems = check.Problems,
        });
    }

    private static async Task<VerificationCheck> CheckCertificatesAsync(
        ArtifactReader reader,
        ArtifactManifest artifact,
        List<string> transferProblems,
        CancellationToken cancellationToken)
    {
        TarSummary found = TarSummary.Empty;
        try
        {
            await reader.ReadAsync(
                artifact,
                async plain => found = await TarInspector.ReadAllAsync(plain, cancellationToken),
                cancellationToken);
        }
        catch (BackupException e) when (e.Reason == FailureReason.DataDamaged)
        {
            return await FindCauseAsync(reader, artifact, e, transferProblems, cancellationToken);
        }

        return new VerificationCheck
        {
            Part = VerifiedPart.Certificates,
            Result = CheckResult.Passed,
            Detail = $"{found.Files} files, {found.Directories} directories, {found.Links} links, {found.Bytes} bytes",
            Problems = [],
        };
    }

    /// <summary>
    /// Finds out whether the tar itself is invalid or its bytes are damaged: reads the artifact again without examining
    /// the tar.
    /// </summary>
    private static async Task<VerificationCheck> FindCauseAsync(
        ArtifactReader reader,
        ArtifactManifest artifact,
        BackupException found,
        List<string> transferProblems,
        CancellationToken cancellationToken)
    {
        try
        {
            await reader.ReadAsync(artifact, _ => Task.CompletedTask, cancellationToken);
        }
        catch (BackupException e) when (e.Reason == FailureReason.DataDamaged)
        {
            transferProblems.Add(e.Message);
            return NotChecked(VerifiedPart.Certificates, BytesDiffer);
        }

        return new VerificationCheck
        {
            Part = VerifiedPart.Certificates,
            Result = CheckResult.Failed,
            Detail = "the tar cannot be read to its end, although its bytes are those that were backed up",
            Problems = [found.Message],
        };
    }

    private async Task<DeepVerifyOutcome> RecordAsync(
        DeepVerifyOutcome outcome, VerificationRecord record, CancellationToken cancellationToken)
    {
        try
        {
            await repository.AddVerificationAsync(outcome.Folder, record, cancellationToken);
            return outcome;
        }
        catch (BackupException e)
        {
            return outcome with { RecordFailure = e };
        }
    }

    private static VerificationCheck[] DatabaseNotChecked(string why) =>
    [
        NotChecked(VerifiedPart.Pages, why),
        NotChecked(VerifiedPart.Revisions, why),
        NotChecked(VerifiedPart.HashKv, why),
    ];

    private static VerificationCheck NotChecked(VerifiedPart part, string why) =>
        new() { Part = part, Result = CheckResult.NotChecked, Detail = why, Problems = [] };

    private static VerifiedPart PartOf(CheckedPart part) => part switch
    {
        CheckedPart.Pages => VerifiedPart.Pages,
        CheckedPart.Revisions => VerifiedPart.Revisions,
        CheckedPart.HashKv => VerifiedPart.HashKv,
        _ => throw new ArgumentOutOfRangeException(nameof(part), part, "An unknown part of a snapshot file."),
    };
}
