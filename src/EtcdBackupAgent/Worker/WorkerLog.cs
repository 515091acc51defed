using EtcdBackupAgent.Configuration;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Resources.Binding;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Worker;

/// <summary>The events of the worker.</summary>
internal static partial class WorkerLog
{
    /// <summary>
    /// Returns the hint of a failure for a log line; empty if there is none. A setting has the name of its field, or of
    /// its option if no field sets it.
    /// </summary>
    public static string HintOf(BackupException failure) =>
        failure.HintFor(setting => SettingFields.NameOf(setting) ?? SettingOptions.NameOf(setting)) ?? "";

    [LoggerMessage(LogLevel.Information, "The worker has started with {Policies} policies of {Address}.")]
    public static partial void WorkerStarted(this ILogger logger, int policies, string address);

    [LoggerMessage(LogLevel.Information, "The worker has stopped.")]
    public static partial void WorkerStopped(this ILogger logger);

    [LoggerMessage(LogLevel.Warning, "{Problem}")]
    public static partial void ResourceWarning(this ILogger logger, ResourceProblem problem);

    [LoggerMessage(LogLevel.Error, "{Problem}. The last good version, if any, stays in use.")]
    public static partial void ResourceError(this ILogger logger, ResourceProblem problem);

    [LoggerMessage(LogLevel.Error, "The resources cannot be read ({Reason}): {Fact} The last good ones stay in use.")]
    public static partial void ResourcesUnreadable(this ILogger logger, FailureReason reason, string fact);

    [LoggerMessage(LogLevel.Information, "The resources have changed: {Policies} policies.")]
    public static partial void ResourcesChanged(this ILogger logger, int policies);

    [LoggerMessage(LogLevel.Information, "Policy {Policy} on schedule {Schedule} is next due at {Due:u}.")]
    public static partial void PolicyScheduled(
        this ILogger logger,
        ResourceName policy,
        BackupSchedule schedule,
        DateTimeOffset due);

    [LoggerMessage(LogLevel.Information, "Policy {Policy} is suspended.")]
    public static partial void PolicySuspended(this ILogger logger, ResourceName policy);

    [LoggerMessage(LogLevel.Information, "Policy {Policy} is removed.")]
    public static partial void PolicyRemoved(this ILogger logger, ResourceName policy);

    [LoggerMessage(LogLevel.Information, "Policy {Policy} was due at {Due:u}, while the agent was not running.")]
    public static partial void RunMissed(this ILogger logger, ResourceName policy, DateTimeOffset due);

    [LoggerMessage(
        LogLevel.Warning,
        "The last backup of policy {Policy} cannot be determined ({Reason}): {Fact} {Hint} Retrying in {Retry}.")]
    public static partial void HistoryUnknown(
        this ILogger logger, ResourceName policy, FailureReason reason, string fact, string hint, TimeSpan retry);

    [LoggerMessage(LogLevel.Information, "Backup of policy {Policy} started ({Why}).")]
    public static partial void RunStarted(this ILogger logger, ResourceName policy, BackupReason why);

    [LoggerMessage(LogLevel.Information, "Backup of policy {Policy} completed ({Why}).")]
    public static partial void RunCompleted(this ILogger logger, ResourceName policy, BackupReason why);

    [LoggerMessage(LogLevel.Warning, "Backup of policy {Policy} skipped ({Why}): the previous one is still running.")]
    public static partial void RunSkipped(this ILogger logger, ResourceName policy, BackupReason why);

    [LoggerMessage(LogLevel.Warning, "Backup of policy {Policy} cancelled ({Why}): the agent is stopping.")]
    public static partial void RunCancelled(this ILogger logger, ResourceName policy, BackupReason why);

    [LoggerMessage(LogLevel.Error, "Backup of policy {Policy} failed ({Why}): {Reason}: {Fact} {Hint}")]
    public static partial void RunFailed(
        this ILogger logger, ResourceName policy, BackupReason why, FailureReason reason, string fact, string hint);

    [LoggerMessage(LogLevel.Error, "Backup of policy {Policy} failed unexpectedly ({Why}).")]
    public static partial void RunFailedUnexpectedly(
        this ILogger logger,
        Exception exception,
        ResourceName policy,
        BackupReason why);

    [LoggerMessage(
        LogLevel.Warning,
        "The change log of policy {Policy} stopped, and its last changes are not stored ({Reason}): {Fact} {Hint}")]
    public static partial void ArchiveStoppedEarly(
        this ILogger logger, ResourceName policy, FailureReason reason, string fact, string hint);

    [LoggerMessage(LogLevel.Warning, "Stopping: {Logs} change logs did not stop in time.")]
    public static partial void ArchivesAbandoned(this ILogger logger, int logs);

    [LoggerMessage(LogLevel.Information, "Stopping: {Runs} running backups have {Grace} to finish.")]
    public static partial void WaitingForRuns(this ILogger logger, int runs, TimeSpan grace);

    [LoggerMessage(LogLevel.Warning, "Stopping: {Runs} backups did not finish in time and are cancelled.")]
    public static partial void CancellingRuns(this ILogger logger, int runs);
}
