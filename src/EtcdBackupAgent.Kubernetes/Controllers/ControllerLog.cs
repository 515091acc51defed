using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Kubernetes.Objects;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Kubernetes.Controllers;

internal static partial class ControllerLog
{
    private static readonly Func<ILogger, string, string, string, IDisposable?> Reconciliation =
        LoggerMessage.DefineScope<string, string, string>("{Kind} {Name} {ReconcileId}");

    /// <summary>Begins a scope: until it is disposed, every log line of any component carries the object and the id of
    /// the reconciliation.</summary>
    public static IDisposable? BeginReconciliation(this ILogger logger, string kind, string name, string id) =>
        Reconciliation(logger, kind, name, id);

    [LoggerMessage(LogLevel.Warning, "The watch of {Kind} was interrupted; retrying in {RetryIn}: {Message}")]
    public static partial void WatchInterrupted(
        this ILogger logger,
        ResourceKind kind,
        string message,
        TimeSpan retryIn);

    [LoggerMessage(LogLevel.Warning, "Failed to reconcile {Kind} {Name} ({Reason}); retrying in {RetryIn}: {Message}")]
    public static partial void ReconcileFailed(
        this ILogger logger, ResourceKind kind, string name, FailureReason reason, string message, TimeSpan retryIn);

    [LoggerMessage(
        LogLevel.Warning,
        "Failed to reconcile {Kind} {Name} ({Reason}); not retrying until something changes: {Message}")]
    public static partial void ReconcileFailedTerminally(
        this ILogger logger, ResourceKind kind, string name, FailureReason reason, string message);

    [LoggerMessage(LogLevel.Error, "Failed to reconcile {Kind} {Name}: unexpected error; retrying in {RetryIn}")]
    public static partial void ReconcileFailedUnexpectedly(
        this ILogger logger, Exception exception, ResourceKind kind, string name, TimeSpan retryIn);

    [LoggerMessage(LogLevel.Information, "The repository of location {Location} at {Address} can be used")]
    public static partial void LocationReady(this ILogger logger, string location, string address);

    [LoggerMessage(LogLevel.Warning, "Location {Location} cannot be used: {Message}")]
    public static partial void LocationFailed(this ILogger logger, string location, string message);

    [LoggerMessage(LogLevel.Warning, "Location {Location}: {Warning}")]
    public static partial void LocationDoubtful(this ILogger logger, string location, string warning);

    [LoggerMessage(LogLevel.Information, "Snapshot {SnapshotId} was deleted with its record")]
    public static partial void SnapshotDeleted(this ILogger logger, string snapshotId);

    [LoggerMessage(LogLevel.Warning, "Snapshot {SnapshotId} was kept although its record was deleted: {Reason}")]
    public static partial void SnapshotKept(this ILogger logger, string snapshotId, string reason);

    [LoggerMessage(LogLevel.Information, "Job {Job} was created for {Owner}: {Reason}")]
    public static partial void JobMade(this ILogger logger, string job, string owner, string reason);

    [LoggerMessage(LogLevel.Warning, "{Owner}: {Message}")]
    public static partial void JobDelayed(this ILogger logger, string owner, string message);

    [LoggerMessage(LogLevel.Information, "Acquired the lease in namespace {Namespace} as {Identity}")]
    public static partial void Leading(this ILogger logger, string @namespace, string identity);

    [LoggerMessage(LogLevel.Information, "All objects in namespace {Namespace} have been read")]
    public static partial void Synced(this ILogger logger, string @namespace);

    [LoggerMessage(LogLevel.Warning, "Failed to acquire or renew the lease ({Reason}): {Message}")]
    public static partial void LeaseTrouble(this ILogger logger, FailureReason reason, string message);

    [LoggerMessage(LogLevel.Warning, "Failed to remove the finalizers in namespace {Namespace}: {Message}")]
    public static partial void ReleaseFailed(this ILogger logger, string @namespace, string message);

    [LoggerMessage(
        LogLevel.Information,
        "Updated the records of location {Location}: {Created} created, {Changed} changed, {Removed} removed")]
    public static partial void CatalogueSynced(
        this ILogger logger, string location, int created, int changed, int removed);
}
