using EtcdBackupAgent.Core.Artifacts;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Places;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Transfers;
using EtcdBackupAgent.Snapshots.Reports;
using EtcdBackupAgent.Snapshots.Verification;

namespace EtcdBackupAgent.Core.Imports;

/// <summary>Files a snapshot that another program made, so that a migration loses no history.</summary>
/// <remarks>
/// <para>
/// 1. Open the input and recognize it by its first bytes. Refuse directories that contain each other, and a time that
///    cannot be right.
/// 2. Read the database: in place if it is a plain file, otherwise from a sealed scratch file. Check etcd's trailer, or
///    compute it.
/// 3. Check the content as <c>verify --deep</c> does. Only a sound database is imported.
/// 4. If a snapshot of the repository already has the content, stop: an import may be repeated.
/// 5. Find out which cluster the snapshot is of.
/// 6. Stream the database into the repository, and require that it is still the one that was checked.
/// 7. Stream the certificates directory into the repository, if there is one.
/// 8. Describe the snapshot in its manifest. If the repository has signers, give it its place in its chain.
/// 9. Sign and write the manifest. Before this step no snapshot exists; after it the snapshot exists.
/// </para>
/// <para>
/// Only sealed bytes are written to a local disk. A failure or a cancellation before step 9 removes the stored objects.
/// </para>
/// </remarks>
public sealed class ImportRun(BackupRepository repository, string agentVersion, TimeProvider time)
{
    /// <summary>Where inputs that cannot be read at any place are read from.</summary>
    public ScratchSpace Scratch { get; init; } = ScratchSpace.None;

    /// <exception cref="BackupException">With the reason why nothing was imported.</exception>
    public async Task<ImportOutcome> ExecuteAsync(
        ImportRequest request,
        ImportInput input,
        IProgress<TransferProgress> progress,
        CancellationToken cancellationToken)
    {
        DateTimeOffset importedAt = time.GetUtcNow();
        repository.Signed.RequireKey("import a snapshot");
        request.Occasion.Validate();

        // 1. the input
        SeparatePlaces.RequireForBackup(repository.Store, request.CertsDirectory, Scratch.Directory);
        using OpenedInput opened = await OpenedInput.OpenAsync(input, cancellationToken);
        ImportAge age = ImportAge.Of(request.TakenAt, opened, importedAt);
        DateTimeOffset? expiresAt = age.ExpiresAt(request.Occasion.ExpiresIn ?? request.Ttl, importedAt);

        // 2. the database
        using ImportedDatabase database =
            await ImportedDatabase.OpenAsync(opened, Scratch, progress, cancellationToken);

        // 3. the content
        SnapshotReport report = await CheckAsync(database, opened.Name, cancellationToken);

        // 4. the repository
        Inventory inventory = await repository.TakeInventoryAsync(cancellationToken);
        if (!request.Again && FindSame(inventory, database) is { } existing)
        {
            return Outcome(existing.Manifest, report, warnings: [], existed: true);
        }

        // 5. the cluster
        ImportedCluster cluster = ImportedCluster.Choose(request.ClusterId, report.State, inventory.Snapshots);
        List<string> warnings = [.. WarningsOf(cluster, report)];

        SnapshotFolder folder = await repository.NewFolderAsync(age.TakenAt, cancellationToken);
        ArtifactWriter writer = new(repository, folder, ScratchSpace.None, progress, time);
        List<ArtifactManifest> artifacts = [];
        SnapshotManifest manifest;
        try
        {
            // 6. the database
            artifacts.Add(await StoreAsync(writer, database, opened.Name, cancellationToken));

            // 7. the certificates
            if (request.CertsDirectory is { } directory)
            {
                artifacts.Add(await CertificatesStep.StoreAsync(
                    writer, directory, warnings.Add, cancellationToken));
            }

            // 8. the manifest, and its place in its chain
            manifest = await repository.SealAsync(
                folder,
                Describe(request, folder, age, MemberOf(report, cluster), artifacts) with
                {
                    ExpiresAt = expiresAt,
                    Import = OriginOf(importedAt, opened, database, age, cluster, report),
                },
                cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
        }
        catch (Exception e) when (writer.HasStarted)
        {
            await UncommittedObjects.RemoveAsync(repository, folder, e, time);
            throw;
        }

        // 9. the commit point, as that of a backup
        await repository.CommitAsync(folder, manifest, CancellationToken.None);
        return Outcome(manifest, report, warnings, existed: false);
    }

    private static SnapshotImport OriginOf(
        DateTimeOffset importedAt,
        OpenedInput opened,
        ImportedDatabase database,
        ImportAge age,
        ImportedCluster cluster,
        SnapshotReport report) =>
        new()
        {
            ImportedAt = importedAt,
            File = opened.FileName,
            Packing = opened.Format.Packing,
            TrailerAppended = database.IsTrailerAppended,
            TakenAtFrom = age.From,
            ClusterIdFrom = cluster.From,
            ClusterVersion = report.State.ClusterVersion,
        };

    private static async Task<SnapshotReport> CheckAsync(
        ImportedDatabase database, string name, CancellationToken cancellationToken)
    {
        SnapshotExamination found;
        try
        {
            found = await Task.Run(
                () => SnapshotVerifier.Examine(
                    database, database.DatabaseBytes, expected: null, receiveValue: null, cancellationToken),
                cancellationToken);
        }
        catch (IOException e)
        {
            throw new BackupException(
                FailureReason.InvalidInput, $"{name} cannot be read: {e.Message.TrimEnd('.')}.", e);
        }

        string[] problems =
        [
            .. found.Proof.Checks
                .Where(check => check.Result == CheckResult.Failed)
                .SelectMany(check => check.Problems.DefaultIfEmpty(check.Detail)),
        ];
        return found.Report is { } report && problems.Length == 0
            ? report
            : throw new BackupException(
                FailureReason.DataDamaged,
                $"{name} is damaged: {string.Join("; ", problems.Take(3).Select(p => p.TrimEnd('.')))}"
                + (problems.Length > 3 ? $"; and {problems.Length - 3} more." : "."))
            {
                Hint = "Nothing was stored. 'etcd-backup-agent inspect FILE' shows what can be read of an unpacked "
                    + "file.",
            };
    }

    private static Snapshot? FindSame(Inventory inventory, ImportedDatabase database) =>
        inventory.Snapshots.LastOrDefault(snapshot => snapshot.IsGood
            && snapshot.Manifest.Database is { Kind: ArtifactKind.Etcd } artifact
            && artifact.PlainSha256 == database.PlainSha256);

    private static async Task<ArtifactManifest> StoreAsync(
        ArtifactWriter writer, ImportedDatabase database, string name, CancellationToken cancellationToken)
    {
        await using Stream content = database.OpenRead();
        ArtifactManifest artifact =
            await writer.StoreDatabaseAsync(content, database.PlainBytes, cancellationToken);
        return artifact.PlainSha256 == database.PlainSha256
            ? artifact
            : throw new BackupException(FailureReason.InvalidInput, $"{name} changed while it was imported.")
            {
                Hint = "Import a file that no program writes to. Nothing was stored.",
            };
    }

    private static IEnumerable<string> WarningsOf(ImportedCluster cluster, SnapshotReport report) =>
    [
        .. cluster.Warning is { } warning ? [warning] : Array.Empty<string>(),
        .. report.State.Alarms.Select(alarm =>
            $"The snapshot has the alarm {alarm.Kind} of member {alarm.MemberId:x}."),
    ];

    /// <summary>What the file says about its member and its cluster.</summary>
    private static EtcdMember MemberOf(SnapshotReport report, ImportedCluster cluster) => new()
    {
        ClusterId = cluster.Id,
        MemberId = report.State.Members is [var only] ? new EtcdId(only.Id) : null,
        Revision = report.Revision,
        RaftTerm = report.State.RaftTerm,
        RaftIndex = report.State.ConsistentIndex,
        DbSizeBytes = report.DatabaseBytes,
        DbSizeInUseBytes = report.UsedBytes,
        HashKvMissing = "The snapshot was imported: no member was asked.",
    };

    private SnapshotManifest Describe(
        ImportRequest request,
        SnapshotFolder folder,
        ImportAge age,
        EtcdMember member,
        IReadOnlyList<ArtifactManifest> artifacts) => new()
        {
            FormatVersion = RepositoryJson.ImportFormatVersion,
            Id = folder.Id,
            StartedAt = age.TakenAt,
            CompletedAt = age.TakenAt,
            AgentVersion = agentVersion,
            Policy = request.Policy,
            Reason = BackupReason.Import,
            Name = request.Occasion.NameOf(request.Policy),
            Note = request.Occasion.Note,
            Labels = new SortedDictionary<string, string>(
                request.Labels.Concat(request.Occasion.Labels).ToDictionary(StringComparer.Ordinal),
                StringComparer.Ordinal),
            Etcd = member,
            Artifacts = artifacts,
        };

    private ImportOutcome Outcome(
        SnapshotManifest manifest, SnapshotReport report, IReadOnlyList<string> warnings, bool existed) => new()
        {
            Manifest = manifest,
            Address = repository.Store.Address,
            Existed = existed,
            Report = report,
            Warnings = warnings,
        };
}
