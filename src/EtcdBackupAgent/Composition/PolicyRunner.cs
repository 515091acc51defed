using EtcdBackupAgent.Configuration;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Keys;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Retention;
using EtcdBackupAgent.Scheduling;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Composition;

/// <summary>What the worker does when a policy is due: a backup, and the retention after it.</summary>
internal sealed partial class PolicyRunner(IRecipientPins pins, ILoggerFactory loggers) : IPolicyRunner
{
    private readonly ILogger _logger = loggers.CreateLogger<PolicyRunner>();

    public async Task<DateTimeOffset?> LastBackupAsync(
        BackupPolicy policy, ResourceSet resources, CancellationToken cancellationToken)
    {
        using IObjectStore store = Wiring.Store(Location(policy, resources), resources, loggers);
        try
        {
            BackupRepository repository = await BackupRepository.OpenAsync(store, cancellationToken);
            Inventory inventory = await repository.TakeInventoryAsync(cancellationToken);
            return inventory.Snapshots
                .LastOrDefault(s => s.IsComplete && s.Manifest.Policy == policy.Name)?.Folder.StartedAt;
        }
        catch (BackupException e) when (e.Reason == FailureReason.RepositoryNotFound)
        {
            return null;
        }
    }

    public async Task BackUpAsync(
        BackupPolicy policy, ResourceSet resources, BackupReason reason, CancellationToken cancellationToken)
    {
        BackupLocation location = Location(policy, resources);
        using IObjectStore store = Wiring.Store(location, resources, loggers);
        BackupRepository repository = await BackupRepository.OpenAsync(store, cancellationToken);
        await new ProtectionCheck(pins, Wiring.Time).RequireAsync(repository, location, cancellationToken);
        BackupPlan plan = BackupPlan.Of(policy, resources);
        BackupOutcome outcome = await Wiring.BackupRun(repository, plan.Etcd, loggers)
            .ExecuteAsync(plan.Request(reason), new Progress<TransferProgress>(), cancellationToken);
        foreach (string warning in outcome.Warnings)
        {
            BackupWarned(policy.Name, warning);
        }

        SnapshotManifest manifest = outcome.Manifest;
        BackupCompleted(policy.Name, manifest.Id, manifest.Etcd.Revision, manifest.PlainBytes, manifest.StoredBytes, manifest.Duration);

        foreach (RetentionDecision removed in outcome.Pruned?.Removed ?? [])
        {
            SnapshotPruned(policy.Name, removed.Snapshot.Id, removed.Reason);
        }

        if (outcome.PruneFailure is { } failure)
        {
            throw new BackupException(
                failure.Reason, $"Snapshot {manifest.Id} exists, but pruning after it failed: {failure.Message}", failure)
            {
                Hint = failure.Hint,
            };
        }
    }

    private static BackupLocation Location(BackupPolicy policy, ResourceSet resources) =>
        resources.Locations.GetValueOrDefault(policy.Destination) ?? throw new BackupException(
            FailureReason.InvalidInput, $"Policy {policy.Name} names BackupLocation {policy.Destination}, which is not there.");

    [LoggerMessage(LogLevel.Information, "Backup completed, snapshot ID: {SnapshotId}; policy {Policy}, etcd revision {Revision}, "
        + "{PlainBytes} bytes stored as {StoredBytes} in {Duration}")]
    private partial void BackupCompleted(
        ResourceName policy, SnapshotId snapshotId, long revision, long plainBytes, long storedBytes, TimeSpan duration);

    [LoggerMessage(LogLevel.Warning, "Backup of policy {Policy}: {Warning}")]
    private partial void BackupWarned(ResourceName policy, string warning);

    [LoggerMessage(LogLevel.Information, "Pruned snapshot {SnapshotId} of policy {Policy}: {Reason}")]
    private partial void SnapshotPruned(ResourceName policy, SnapshotId snapshotId, string reason);
}
