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

/// <summary>Fills and checks the repository of killed runs without the program.</summary>
internal sealed class KilledRepository(IObjectStore store)
{
    /// <summary>The default policy of a backup.</summary>
    public const string Policy = "default";

    /// <summary>With this minimum age, an object that was just written counts as old.</summary>
    private static readonly TimeSpan NoMinimumAge = TimeSpan.FromMinutes(-1);
    private static readonly IProgress<TransferProgress> NoProgress = new Progress<TransferProgress>();

    private RecordedSource? _source;
    private RetentionRule? _rule;

    /// <summary>Records the newest snapshot. <see cref="FillAsync"/> adds copies of it.</summary>
    public async Task RecordAsync(byte[] snapshot, CancellationToken cancellationToken)
    {
        SnapshotManifest newest = (await InventoryAsync(cancellationToken)).Snapshots[^1].Manifest;
        _source = new RecordedSource(newest.Etcd!, snapshot);
        _rule = new RetentionRule
        {
            Policy = newest.Policy,
            ClusterId = newest.ClusterId,
            Retention = PolicyRetention.Newest(2),
        };
    }

    /// <summary>Backs up the recorded content until the given number of snapshots exists.</summary>
    public async Task FillAsync(int snapshots, string certificates, CancellationToken cancellationToken)
    {
        BackupRepository repository = await OpenAsync(cancellationToken);
        int missing = snapshots - (await repository.TakeInventoryAsync(cancellationToken)).Snapshots.Count;
        BackupRequest request = new()
        {
            Policy = new ResourceName(ResourceName.NamespaceDefault, Policy),
            Occasion = BackupOccasion.Scheduled,
            CertsDirectory = certificates,
        };
        for (int i = 0; i < missing; i++)
        {
            await new BackupRun(repository, _source!, "0.0.0", TimeProvider.System)
                .ExecuteAsync(request, NoProgress, cancellationToken);
        }
    }

    /// <summary>Returns the ids of the listed snapshots, oldest first.</summary>
    /// <param name="violations">Called for each listed snapshot that is not complete.</param>
    /// <param name="cancellationToken">A cancelled call changes nothing.</param>
    public async Task<IReadOnlyList<string>> ListAsync(Action<string> violations, CancellationToken cancellationToken)
    {
        Inventory inventory = await InventoryAsync(cancellationToken);
        foreach (UnreadableSnapshot unreadable in inventory.Unreadable)
        {
            violations($"{unreadable.Folder} is unreadable: {unreadable.Problem.Message}");
        }

        foreach (Snapshot snapshot in inventory.Snapshots.Where(s => !s.IsComplete))
        {
            violations($"{snapshot.Id} is listed but not complete");
        }

        return [.. inventory.Snapshots.Select(s => s.Id.Value)];
    }

    /// <summary>Reads all listed snapshots, as a restore does.</summary>
    public async Task VerifyAsync(Action<string> violations, CancellationToken cancellationToken)
    {
        await foreach (VerifyOutcome outcome in new VerifyRun(await OpenAsync(cancellationToken), [])
            .VerifyAllAsync(NoProgress, cancellationToken))
        {
            if (!outcome.IsSound)
            {
                violations($"{outcome.Folder} is listed but does not verify");
            }
        }
    }

    /// <summary>
    /// Prunes as one day later and keeps two snapshots. Afterwards only the objects of these two may exist.
    /// </summary>
    public async Task PruneADayLaterAsync(Action<string> violations, CancellationToken cancellationToken)
    {
        BackupRepository repository = await OpenAsync(cancellationToken);
        PruneRun prune = new(repository, "test", TimeProvider.System) { UnreferencedAge = NoMinimumAge };
        await prune.ExecuteAsync(_rule, dryRun: false, cancellationToken);
        Inventory inventory = await repository.TakeInventoryAsync(cancellationToken);
        HashSet<string> known = [.. inventory.KeysOfListed()];
        await foreach (StoredObject found in store.ListAsync("", cancellationToken))
        {
            // Restores write notes, which a prune keeps.
            bool isNote = found.Key.Value.StartsWith(RestoreNote.Root, StringComparison.Ordinal);
            if (
                !isNote
                && !known.Contains(found.Key.Value)
                && !inventory.Folders.Any(folder => folder.IsVerification(found.Key)))
            {
                violations($"prune did not remove {found.Key}");
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
