using EtcdBackupAgent.Core.Archiving;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Keys;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Retention;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Core.Transfers;
using EtcdBackupAgent.Kubernetes.Publishing;
using EtcdBackupAgent.Scheduling;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Worker;

/// <summary>
/// Runs a policy that is due: the backup, its verification if the policy requests it, and the retention.
/// </summary>
/// <param name="parts">The adapters.</param>
/// <param name="pins">The recipients that each location is pinned to.</param>
/// <param name="metrics">Receives the measures of each backup.</param>
/// <param name="logger">Receives one event for each result of a backup.</param>
internal sealed partial class PolicyRunner(
    PolicyBackupParts parts, IRecipientPins pins, IBackupMetrics metrics, ILogger<PolicyRunner> logger)
    : IPolicyRunner
{
    private readonly PolicyBackup _backup = new(parts, pins);

    /// <summary>Publishes each backup in a cluster; null if the policies are not in a cluster.</summary>
    public Publisher? Publisher { get; init; }

    public async Task<DateTimeOffset?> LastBackupAsync(
        BackupPolicy policy, ResourceSet resources, CancellationToken cancellationToken)
    {
        BackupLocation location = PolicyRepository.LocationOf(policy, resources);
        using IObjectStore store = parts.OpenStore(location, resources);
        try
        {
            BackupRepository repository = await BackupRepository.OpenAsync(
                store, LocationSigning.Of(location, resources), parts.Time, cancellationToken);
            Inventory inventory = await repository.TakeInventoryAsync(cancellationToken);
            OwnSnapshots ownSnapshots = inventory.History.OwnOf(policy.Name, policy.Uid);
            Snapshot[] snapshots = [.. inventory.Snapshots.Where(ownSnapshots.Contains)];
            Snapshot? last = SnapshotHistory.Newest(snapshots, s => s.IsGood);
            VerificationRecord? verified = DeepVerifications.Newest(snapshots, parts.Time.GetUtcNow());
            Report(location, inventory);
            metrics.PolicySeen(
                policy.Name.Short,
                ScheduleInterval.Longest(policy, parts.Time.GetUtcNow()),
                last?.Manifest.CompletedAt,
                verified?.CompletedAt,
                verified is null ? null : verified.Result == VerificationResult.Sound);
            return last?.Folder.StartedAt;
        }
        catch (BackupException e) when (e.Reason == FailureReason.RepositoryNotFound)
        {
            return null;
        }
    }

    public async Task BackUpAsync(
        BackupPolicy policy, ResourceSet resources, BackupOccasion occasion, CancellationToken cancellationToken)
    {
        BackupOutcome outcome = await MeasureAsync(policy, resources, occasion, log: null, cancellationToken);
        foreach (string warning in outcome.Warnings)
        {
            BackupWarning(policy.Name, warning);
        }

        SnapshotManifest manifest = outcome.Manifest;
        BackupCompleted(
            policy.Name,
            manifest.Id,
            manifest.Revision,
            manifest.PlainBytes,
            manifest.StoredBytes,
            manifest.Duration);

        if (outcome.VerifyFailure is { } verifyFailure)
        {
            throw verifyFailure;
        }

        ReportVerifiedAndPruned(policy, outcome);
        if (outcome.PruneFailure is { } failure)
        {
            throw failure.WithMessage(
                $"Snapshot {manifest.Id} exists, but pruning after it failed: {failure.Message}");
        }
    }

    public async Task<BackupOutcome> MakeSnapshotAsync(
        BackupPolicy policy, ResourceSet resources, SnapshotLog log, CancellationToken cancellationToken)
    {
        BackupOutcome outcome = await MeasureAsync(policy, resources, BackupOccasion.Scheduled, log, cancellationToken);
        ReportVerifiedAndPruned(policy, outcome);
        return outcome;
    }

    public Task ArchiveAsync(
        BackupPolicy policy,
        ResourceSet resources,
        Func<SnapshotLog, CancellationToken, Task<BackupOutcome>> makeSnapshot,
        IArchiveObserver observer,
        CancellationToken stopping) =>
        new PolicyArchive(parts, pins).ExecuteAsync(policy, resources, makeSnapshot, observer, stopping);

    private void ReportVerifiedAndPruned(BackupPolicy policy, BackupOutcome outcome)
    {
        if (outcome.Verified?.Record is { } verified)
        {
            SnapshotVerified(
                policy.Name, outcome.Manifest.Id, verified.Result, verified.CompletedAt - verified.StartedAt);
        }

        foreach (RetentionDecision removed in outcome.Pruned?.Removed ?? [])
        {
            SnapshotPruned(policy.Name, removed.Snapshot.Id, removed.Reason);
        }
    }

    private void Report(BackupLocation location, Inventory inventory)
    {
        Snapshot[] fromFuture = [.. inventory.FromFuture];
        metrics.RepositorySeen(
            location.Name.Short,
            inventory.Snapshots.Count,
            inventory.Snapshots.Sum(s => s.Manifest.StoredBytes),
            fromFuture.Length,
            inventory.Snapshots.Max(s => s.Lock?.Until));
        if (FutureSnapshots.Describe(fromFuture) is { } warning)
        {
            RepositoryWarning(location.Name, warning);
        }
    }

    private Task<BackupOutcome> MeasureAsync(
        BackupPolicy policy,
        ResourceSet resources,
        BackupOccasion occasion,
        SnapshotLog? log,
        CancellationToken cancellationToken) => new MeasuredBackup(metrics, parts.Time).ExecuteAsync(
            policy.Name,
            policy.Destination,
            () => BackUpAndPublishAsync(policy, resources, occasion, log, cancellationToken));

    private Task<BackupOutcome> BackUpAndPublishAsync(
        BackupPolicy policy,
        ResourceSet resources,
        BackupOccasion occasion,
        SnapshotLog? log,
        CancellationToken cancellationToken)
    {
        return Publisher is null
            ? ExecuteBackupAsync(cancellationToken)
            : Publisher.RunAsync(
                PublishedRun.Of(policy),
                ExecuteBackupAsync,
                failure => NotPublished(policy.Name, failure.Reason, failure.Message),
                cancellationToken);

        Task<BackupOutcome> ExecuteBackupAsync(CancellationToken token) =>
            _backup.ExecuteAsync(policy, resources, occasion, log, new Progress<TransferProgress>(), token);
    }

    [LoggerMessage(
        LogLevel.Information,
        "Backup completed, snapshot ID: {SnapshotId}; policy {Policy}, etcd revision {Revision}, "
            + "{PlainBytes} bytes stored as {StoredBytes} in {Duration}")]
    private partial void BackupCompleted(
        ResourceName policy,
        SnapshotId snapshotId,
        long revision,
        long plainBytes,
        long storedBytes,
        TimeSpan duration);

    [LoggerMessage(LogLevel.Warning, "Backup of policy {Policy}: {Warning}")]
    private partial void BackupWarning(ResourceName policy, string warning);

    [LoggerMessage(LogLevel.Warning, "BackupLocation {Location}: {Warning}")]
    private partial void RepositoryWarning(ResourceName location, string warning);

    [LoggerMessage(LogLevel.Warning, "Failed to publish all of the backup of policy {Policy} in the cluster; the next "
        + "backup or the sync publishes it later ({Reason}): {Fact}")]
    private partial void NotPublished(ResourceName policy, FailureReason reason, string fact);

    [LoggerMessage(
        LogLevel.Information,
        "Verified snapshot {SnapshotId} of policy {Policy} deeply in {Duration}: {Result}")]
    private partial void SnapshotVerified(
        ResourceName policy, SnapshotId snapshotId, VerificationResult result, TimeSpan duration);

    [LoggerMessage(LogLevel.Information, "Pruned snapshot {SnapshotId} of policy {Policy}: {Reason}")]
    private partial void SnapshotPruned(ResourceName policy, SnapshotId snapshotId, string reason);
}
