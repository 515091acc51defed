using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Retention;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Core.Transfers;
using EtcdBackupAgent.Core.Verification;
using EtcdBackupAgent.Testing.Storage;

namespace EtcdBackupAgent.Testing.Kills;

/// <summary>The repository that killed runs work on, looked at and filled without the program.</summary>
internal sealed class KilledRepository(IObjectStore store)
{
    /// <summary>The policy that the program files a backup under unless it is told another.</summary>
    public const string Policy = "default";

    /// <summary>What was just written counts as old, as a day later.</summary>
    private static readonly TimeSpan AtOnce = TimeSpan.FromMinutes(-1);
    private static readonly IProgress<TransferProgress> NoProgress = new Progress<TransferProgress>();

    private RecordedSource? _source;
    private RetentionRule? _rule;

    /// <summary>Takes what the newest snapshot holds for all that <see cref="FillAsync"/> adds.</summary>
    public async Task RecordAsync(byte[] snapshot, CancellationToken cancellationToken)
    {
        SnapshotManifest newest = (await InventoryAsync(cancellationToken)).Snapshots[^1].Manifest;
        _source = new RecordedSource(newest.Etcd, snapshot);
        _rule = new RetentionRule { Policy = newest.Policy, ClusterId = newest.Etcd.ClusterId, RetainNumBackups = 2 };
    }

    /// <summary>Makes backups of what was recorded until there are so many snapshots.</summary>
    public async Task FillAsync(int snapshots, string certificates, CancellationToken cancellationToken)
    {
        BackupRepository repository = await OpenAsync(cancellationToken);
        int missing = snapshots - (await repository.TakeInventoryAsync(cancellationToken)).Snapshots.Count;
        BackupRequest request = new()
        {
            Policy = new ResourceName(ResourceName.NamespaceDefault, Policy),
            Reason = BackupReason.Schedule,
            CertsDirectory = certificates,
        };
        for (int i = 0; i < missing; i++)
        {
            await new BackupRun(repository, _source!, "0.0.0", TimeProvider.System)
                .ExecuteAsync(request, NoProgress, cancellationToken);
        }
    }

    /// <summary>The ids of the snapshots that are listed, oldest first.</summary>
    /// <param name="violations">Is told of each that is listed and is not complete.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<IReadOnlyList<string>> ListAsync(Action<string> violations, CancellationToken cancellationToken)
    {
        Inventory inventory = await InventoryAsync(cancellationToken);
        foreach (UnreadableSnapshot unreadable in inventory.Unreadable)
        {
            violations($"{unreadable.Folder} is unreadable: {unreadable.Problem.Message}");
        }

        foreach (Snapshot snapshot in inventory.Snapshots.Where(s => !s.IsComplete))
        {
            violations($"{snapshot.Id} is listed and not complete");
        }

        return [.. inventory.Snapshots.Select(s => s.Id.Value)];
    }

    /// <summary>Reads all that is listed, as a restore would.</summary>
    public async Task VerifyAsync(Action<string> violations, CancellationToken cancellationToken)
    {
        await foreach (VerifyOutcome outcome in new VerifyRun(await OpenAsync(cancellationToken), [])
            .VerifyAllAsync(NoProgress, cancellationToken))
        {
            if (!outcome.IsSound)
            {
                violations($"{outcome.Folder} is listed and does not verify");
            }
        }
    }

    /// <summary>
    /// Prunes all but two snapshots, and a day later; then there is nothing but what the two consist of.
    /// </summary>
    public async Task PruneADayLaterAsync(Action<string> violations, CancellationToken cancellationToken)
    {
        BackupRepository repository = await OpenAsync(cancellationToken);
        PruneRun prune = new(repository, TimeProvider.System) { UnreferencedAge = AtOnce };
        await prune.ExecuteAsync(_rule, dryRun: false, cancellationToken);
        Inventory inventory = await repository.TakeInventoryAsync(cancellationToken);
        HashSet<string> known = [.. inventory.KeysOfListed()];
        await foreach (StoredObject found in store.ListAsync("", cancellationToken))
        {
            // Restores leave notes, and those stay.
            bool isNote = found.Key.Value.StartsWith(RestoreNote.Root, StringComparison.Ordinal);
            if (
                !isNote
                && !known.Contains(found.Key.Value)
                && !inventory.Folders.Any(folder => folder.IsVerification(found.Key)))
            {
                violations($"prune did not collect {found.Key}");
            }
        }

        await foreach (PendingUpload upload in store.ListPendingUploadsAsync(cancellationToken))
        {
            violations($"prune did not abort the unfinished upload of {upload.Key}");
        }
    }

    private async Task<Inventory> InventoryAsync(CancellationToken cancellationToken) =>
        await (await OpenAsync(cancellationToken)).TakeInventoryAsync(cancellationToken);

    private Task<BackupRepository> OpenAsync(CancellationToken cancellationToken) =>
        BackupRepository.OpenAsync(store, cancellationToken);
}
