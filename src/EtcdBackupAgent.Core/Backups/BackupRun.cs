using EtcdBackupAgent.Archive.Tar;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Retention;

namespace EtcdBackupAgent.Core.Backups;

/// <summary>Makes one backup: the main job of the product.</summary>
/// <remarks>
/// <para>
/// 1. Choose an etcd member and open its snapshot stream.
/// 2. Choose the folder: the time and a free id.
/// 3. Stream the database into the repository.
/// 4. Stream the certificates directory into the repository, if one is named.
/// 5. Write the manifest. Before it nothing exists; after it the backup exists.
/// 6. Prune what the policy no longer keeps, if the request says how many that is.
/// </para>
/// <para>
/// Nothing is written to a local disk, and memory is bounded whatever the size of the database. A failure or a cancellation before step 5
/// removes what was stored; a crash leaves objects that no manifest names, which prune collects.
/// </para>
/// </remarks>
public sealed class BackupRun(BackupRepository repository, ISnapshotSource source, string agentVersion, TimeProvider time)
{
    /// <summary>How long a failed or cancelled backup may take to remove what it stored.</summary>
    private static readonly TimeSpan CleanUpDeadline = TimeSpan.FromSeconds(10);

    /// <exception cref="BackupException">With the reason of whatever kept the backup from coming to its end.</exception>
    public async Task<BackupOutcome> ExecuteAsync(
        BackupRequest request, IProgress<TransferProgress> progress, CancellationToken cancellationToken)
    {
        DateTimeOffset startedAt = time.GetUtcNow();

        // 1. the member and its stream
        await using EtcdSnapshot snapshot = await source.OpenAsync(cancellationToken);

        // 2. the folder
        SnapshotFolder folder = await repository.NewFolderAsync(startedAt, cancellationToken);
        ArtifactWriter writer = new(repository, folder, progress);
        List<string> warnings = [];
        List<ArtifactManifest> artifacts = [];
        try
        {
            // 3. the database
            artifacts.Add(await writer.StoreAsync(
                ArtifactKind.Etcd, snapshot.Content, snapshot.SizeBytes, cancellationToken));

            // 4. the certificates
            if (request.CertsDirectory is not null)
            {
                artifacts.Add(await StoreCertificatesAsync(
                    writer, request.CertsDirectory, warnings.Add, cancellationToken));
            }

            cancellationToken.ThrowIfCancellationRequested();
        }
        catch (Exception e)
        {
            await RemoveWhatWasStoredAsync(folder, e);
            throw;
        }

        // 5. the commit point. From here on nothing is taken back: if the store does not answer, the manifest may be there or not,
        //    and both are sound. For the same reason a cancellation no longer counts.
        SnapshotManifest manifest = Describe(request, folder, startedAt, snapshot.Member, artifacts);
        await repository.CommitAsync(folder, manifest, CancellationToken.None);
        BackupOutcome outcome = new() { Folder = folder, Manifest = manifest, Warnings = warnings };

        // 6. the retention
        return request.RetainNumBackups is { } retain
            ? await PruneAsync(outcome, retain, cancellationToken)
            : outcome;
    }

    private async Task<BackupOutcome> PruneAsync(BackupOutcome outcome, int retain, CancellationToken cancellationToken)
    {
        RetentionRule rule = new()
        {
            Policy = outcome.Manifest.Policy,
            ClusterId = outcome.Manifest.Etcd.ClusterId,
            RetainNumBackups = retain,
        };
        try
        {
            PruneReport report = await new PruneRun(repository, time).ExecuteAsync(rule, dryRun: false, cancellationToken);
            return outcome with { Pruned = report };
        }
        catch (BackupException e)
        {
            return outcome with { PruneFailure = e };
        }
        catch (OperationCanceledException e)
        {
            return outcome with { PruneFailure = new BackupException(FailureReason.Cancelled, "Pruning was cancelled.", e) };
        }
    }

    private static async Task<ArtifactManifest> StoreCertificatesAsync(
        ArtifactWriter writer, string directory, Action<string> onWarning, CancellationToken cancellationToken)
    {
        try
        {
            await using Stream tar = DirectoryTarStream.Open(directory, onWarning);
            return await writer.StoreAsync(ArtifactKind.Certs, tar, plainBytesExpected: null, cancellationToken);
        }
        catch (DirectoryReadException e)
        {
            throw new BackupException(FailureReason.CertificatesUnreadable, e.Message, e)
            {
                Hint = "The agent must be able to read every file below the certificates directory (certsDir, --certs-dir).",
            };
        }
    }

    private SnapshotManifest Describe(
        BackupRequest request,
        SnapshotFolder folder,
        DateTimeOffset startedAt,
        EtcdMember member,
        IReadOnlyList<ArtifactManifest> artifacts) =>
        new()
        {
            FormatVersion = RepositoryJson.FormatVersion,
            Id = folder.Id,
            StartedAt = startedAt,
            CompletedAt = time.GetUtcNow(),
            AgentVersion = agentVersion,
            Policy = request.Policy,
            Reason = request.Reason,
            Labels = request.Labels,
            Etcd = member,
            Artifacts = artifacts,
        };

    /// <summary>Takes back what a backup stored that will not come to its end. The reason why it ended stays the one that is thrown.</summary>
    private async Task RemoveWhatWasStoredAsync(SnapshotFolder folder, Exception why)
    {
        using CancellationTokenSource deadline = new(CleanUpDeadline, time);
        try
        {
            await repository.RemoveAsync(folder, deadline.Token);
        }
        catch (Exception e) when (e is BackupException or OperationCanceledException)
        {
            throw new BackupException(
                (why as BackupException)?.Reason
                    ?? (why is OperationCanceledException ? FailureReason.Cancelled : FailureReason.Unexpected),
                $"{why.Message} What it had stored in {folder} could not be removed either ({e.Message}); "
                + "prune collects it after 24 hours.",
                why)
            {
                Hint = (why as BackupException)?.Hint,
            };
        }
    }
}
