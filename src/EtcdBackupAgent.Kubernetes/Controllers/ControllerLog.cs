using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Kubernetes.Objects;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Kubernetes.Controllers;

internal static partial class ControllerLog
{
    private static readonly Func<ILogger, string, string, string, IDisposable?> Reconciliation =
        LoggerMessage.DefineScope<string, string, string>("{Kind} {Name} {ReconcileId}");

    /// <summary>Gives every line that is logged until it is disposed, by whatever part, the object and the id of the
    /// reconciliation.</summary>
    public static IDisposable? BeginReconciliation(this ILogger logger, string kind, string name, string id) =>
        Reconciliation(logger, kind, name, id);

    [LoggerMessage(LogLevel.Warning, "Watching {Kind} was interrupted, again in {RetryIn}: {Message}")]
    public static partial void WatchInterrupted(this ILogger logger, ResourceKind kind, string message, TimeSpan retryIn);

    [LoggerMessage(LogLevel.Warning, "{Kind} {Name} could not be reconciled ({Reason}), again in {RetryIn}: {Message}")]
    public static partial void ReconcileFailed(
        this ILogger logger, ResourceKind kind, string name, FailureReason reason, string message, TimeSpan retryIn);

    [LoggerMessage(
        LogLevel.Warning,
        "{Kind} {Name} could not be reconciled ({Reason}), and is not tried again before something changes: {Message}")]
    public static partial void ReconcileFailedTerminally(
        this ILogger logger, ResourceKind kind, string name, FailureReason reason, string message);

    [LoggerMessage(LogLevel.Error, "{Kind} {Name} could not be reconciled: unexpected error, again in {RetryIn}")]
    public static partial void ReconcileFailedUnexpectedly(
        this ILogger logger, Exception exception, ResourceKind kind, string name, TimeSpan retryIn);

    [LoggerMessage(LogLevel.Information, "Repository of location {Location} at {Address} is usable")]
    public static partial void LocationReady(this ILogger logger, string location, string address);

    [LoggerMessage(LogLevel.Warning, "Location {Location} cannot be used: {Message}")]
    public static partial void LocationFailed(this ILogger logger, string location, string message);

    [LoggerMessage(LogLevel.Warning, "Location {Location}: {Warning}")]
    public static partial void LocationDoubtful(this ILogger logger, string location, string warning);

    [LoggerMessage(LogLevel.Information, "Snapshot {SnapshotId} was deleted with its record")]
    public static partial void SnapshotDeleted(this ILogger logger, string snapshotId);

    [LoggerMessage(LogLevel.Warning, "Snapshot {SnapshotId} was kept though its record was deleted: {Reason}")]
    public static partial void SnapshotKept(this ILogger logger, string snapshotId, string reason);

    [LoggerMessage(LogLevel.Information, "Job {Job} was made for {Owner}: {Reason}")]
    public static partial void JobMade(this ILogger logger, string job, string owner, string reason);

    [LoggerMessage(LogLevel.Warning, "{Owner}: {Message}")]
    public static partial void JobDelayed(this ILogger logger, string owner, string message);

    [LoggerMessage(LogLevel.Information, "Working in namespace {Namespace} as {Identity}, which holds the lease")]
    public static partial void Leading(this ILogger logger, string @namespace, string identity);

    [LoggerMessage(LogLevel.Information, "All that is in namespace {Namespace} has been read")]
    public static partial void Synced(this ILogger logger, string @namespace);

    [LoggerMessage(LogLevel.Warning, "The lease cannot be had or kept ({Reason}): {Message}")]
    public static partial void LeaseTrouble(this ILogger logger, FailureReason reason, string message);

    [LoggerMessage(LogLevel.Warning, "Failed to remove the finalizers in namespace {Namespace}: {Message}")]
    public static partial void ReleaseFailed(this ILogger logger, string @namespace, string message);

    [LoggerMessage(LogLevel.Information, "Records of location {Location} were brought up to date: {Created} made, {Changed} changed, {Removed} removed")]
    public static partial void CatalogueSynced(this ILogger logger, string location, int created, int changed, int removed);
}
