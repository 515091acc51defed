using EtcdBackupAgent.Core.Archiving;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.ChangeLog;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Worker;

/// <summary>Writes what happens to the change log of a policy to the log of the agent.</summary>
internal sealed partial class ArchiveLog(ResourceName policy, ILogger logger) : IArchiveObserver
{
    /// <inheritdoc/>
    public void Began(LineageDocument lineage, IWatchedMember member)
    {
        if (lineage.Previous is null)
        {
            LogBegan(policy, lineage.Id, lineage.StartRevision, member.Endpoint, lineage.Reason);
        }
        else
        {
            LogHole(policy, lineage.Id, lineage.StartRevision, member.Endpoint, lineage.Reason);
        }
    }

    /// <inheritdoc/>
    public void Continued(LineageId lineage, long revision, IWatchedMember member) =>
        LogContinued(policy, lineage, revision, member.Endpoint);

    /// <inheritdoc/>
    public void Lost(BackupException failure, TimeSpan wait) =>
        LogLost(policy, failure.Reason, failure.Message, WorkerLog.HintOf(failure), wait.TotalSeconds);

    /// <inheritdoc/>
    public void Stored(SegmentName segment, long bytes) =>
        LogStored(policy, segment.First, segment.Last, segment.End, bytes);

    /// <inheritdoc/>
    public void StoreFailed(BackupException failure, int waitingSegments, long waitingBytes, TimeSpan wait) =>
        LogStoreFailed(
            policy, failure.Reason, failure.Message, WorkerLog.HintOf(failure), waitingSegments, waitingBytes,
            wait.TotalSeconds);

    /// <inheritdoc/>
    public void Paused(long waitingBytes) => LogPaused(policy, waitingBytes);

    /// <inheritdoc/>
    public void SnapshotMade(BackupOutcome outcome, string reason)
    {
        LogSnapshot(policy, outcome.Manifest.Id, outcome.Manifest.Revision, reason);
        foreach (string warning in outcome.Warnings)
        {
            LogSnapshotWarning(policy, warning);
        }

        if ((outcome.VerifyFailure ?? outcome.PruneFailure) is { } failure)
        {
            LogSnapshotWarning(policy, failure.Message);
        }
    }

    /// <inheritdoc/>
    public void SnapshotFailed(BackupException failure, TimeSpan wait) =>
        LogSnapshotFailed(policy, failure.Reason, failure.Message, WorkerLog.HintOf(failure), wait.TotalSeconds);

    /// <inheritdoc/>
    public void Pruned(int segments) => LogPruned(policy, segments);

    /// <inheritdoc/>
    public void PruneFailed(BackupException failure) =>
        LogPruneFailed(policy, failure.Reason, failure.Message, WorkerLog.HintOf(failure));

    /// <inheritdoc/>
    public void Failed(BackupException failure, TimeSpan wait) =>
        LogFailed(policy, failure.Reason, failure.Message, WorkerLog.HintOf(failure), wait.TotalSeconds);

    [LoggerMessage(
        101,
        LogLevel.Information,
        "The change log of policy {Policy} begins: lineage {Lineage} after revision {Revision}, from {Endpoint}, "
        + "because {Why}.")]
    private partial void LogBegan(
        ResourceName policy, LineageId lineage, long revision, string endpoint, string why);

    [LoggerMessage(
        102,
        LogLevel.Warning,
        "The change log of policy {Policy} could not be continued and begins again: lineage {Lineage} after revision "
        + "{Revision}, from {Endpoint}, because {Why}. Until the next snapshot is complete there is a hole.")]
    private partial void LogHole(
        ResourceName policy, LineageId lineage, long revision, string endpoint, string why);

    [LoggerMessage(
        103,
        LogLevel.Information,
        "The change log of policy {Policy} continues without a hole: lineage {Lineage} after revision {Revision}, from "
        + "{Endpoint}.")]
    private partial void LogContinued(ResourceName policy, LineageId lineage, long revision, string endpoint);

    [LoggerMessage(
        104,
        LogLevel.Warning,
        "The changes of policy {Policy} cannot be read ({Reason}): {Fact} {Hint} Trying again in {WaitSeconds:0.0} s.")]
    private partial void LogLost(
        ResourceName policy, FailureReason reason, string fact, string hint, double waitSeconds);

    [LoggerMessage(
        105,
        LogLevel.Information,
        "A segment of the change log of policy {Policy} is stored: revisions {First} to {Last}, complete up to "
        + "{End:u}, {StoredBytes} bytes.")]
    private partial void LogStored(
        ResourceName policy, long first, long last, DateTimeOffset end, long storedBytes);

    [LoggerMessage(
        106,
        LogLevel.Warning,
        "A segment of the change log of policy {Policy} cannot be stored ({Reason}): {Fact} {Hint} {WaitingSegments} "
        + "segments of {WaitingBytes} bytes wait. Trying again in {WaitSeconds:0.0} s.")]
    private partial void LogStoreFailed(
        ResourceName policy,
        FailureReason reason,
        string fact,
        string hint,
        int waitingSegments,
        long waitingBytes,
        double waitSeconds);

    [LoggerMessage(
        107,
        LogLevel.Warning,
        "The change log of policy {Policy} pauses: {WaitingBytes} bytes wait for the repository, and no more fit. A "
        + "hole appears if etcd compacts what is not read.")]
    private partial void LogPaused(ResourceName policy, long waitingBytes);

    [LoggerMessage(
        108,
        LogLevel.Information,
        "Snapshot {SnapshotId} of policy {Policy} at revision {Revision} is made for the change log, because {Why}.")]
    private partial void LogSnapshot(ResourceName policy, SnapshotId snapshotId, long revision, string why);

    [LoggerMessage(109, LogLevel.Warning, "The snapshot of policy {Policy} for its change log: {Warning}")]
    private partial void LogSnapshotWarning(ResourceName policy, string warning);

    [LoggerMessage(
        110,
        LogLevel.Warning,
        "The snapshot of policy {Policy} for its change log failed ({Reason}): {Fact} {Hint} Trying again in "
        + "{WaitSeconds:0.0} s.")]
    private partial void LogSnapshotFailed(
        ResourceName policy, FailureReason reason, string fact, string hint, double waitSeconds);

    [LoggerMessage(
        111,
        LogLevel.Information,
        "{Segments} segments of the change log of policy {Policy} were removed: they are older than the policy keeps "
        + "them, or than every snapshot.")]
    private partial void LogPruned(ResourceName policy, int segments);

    [LoggerMessage(
        112,
        LogLevel.Warning,
        "Old segments of the change log of policy {Policy} could not be removed ({Reason}): {Fact} {Hint}")]
    private partial void LogPruneFailed(ResourceName policy, FailureReason reason, string fact, string hint);

    [LoggerMessage(
        113,
        LogLevel.Error,
        "The change log of policy {Policy} is not written ({Reason}): {Fact} {Hint} Trying again in "
        + "{WaitSeconds:0.0} s.")]
    private partial void LogFailed(
        ResourceName policy, FailureReason reason, string fact, string hint, double waitSeconds);
}
