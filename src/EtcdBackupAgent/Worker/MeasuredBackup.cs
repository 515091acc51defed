using System.Diagnostics;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Policies;

namespace EtcdBackupAgent.Worker;

/// <summary>Records metrics and a trace of one backup, from the opening of its repository to its retention.</summary>
internal sealed class MeasuredBackup(IBackupMetrics metrics, TimeProvider time)
{
    /// <param name="policy">The policy of the backup.</param>
    /// <param name="location">The name of the BackupLocation that it goes to; null if none is named.</param>
    /// <param name="backUp">Makes the backup.</param>
    public async Task<BackupOutcome> ExecuteAsync(
        ResourceName policy, ResourceName? location, Func<Task<BackupOutcome>> backUp)
    {
        using Activity? span = BackupTrace.Start("backup");
        span?.SetTag("policy", policy.ToString());
        metrics.BackupStarted(policy.Short);
        long started = time.GetTimestamp();
        BackupObservation observation = new()
        {
            PolicyName = policy.Short,
            Succeeded = false,
            Reason = FailureReason.Unexpected,
            FinishedAt = default,
            Duration = default,
        };
        try
        {
            BackupOutcome outcome = await backUp();
            observation = Observe(outcome, observation);
            if (location is not null && outcome.Pruned is { } pruned)
            {
                Snapshot[] kept = [.. pruned.Decisions.Where(d => d.Keep).Select(d => d.Snapshot)];
                metrics.RepositorySeen(
                    location.Short,
                    kept.Length,
                    kept.Sum(s => s.Manifest.StoredBytes),
                    kept.Count(s => s.IsFromFuture),
                    kept.Max(s => s.Lock?.Until));
            }

            SetTags(span, outcome);
            return outcome;
        }
        catch (Exception e)
        {
            observation = observation with { Reason = ReasonOf(e) };
            SetError(span, observation.Reason, e.Message);
            throw;
        }
        finally
        {
            metrics.BackupFinished(observation with
            {
                FinishedAt = time.GetUtcNow(),
                Duration = time.GetElapsedTime(started),
            });
        }
    }

    private BackupObservation Observe(BackupOutcome outcome, BackupObservation initial)
    {
        FailureReason? failure = (outcome.VerifyFailure ?? outcome.PruneFailure)?.Reason;
        VerificationRecord? verified = outcome.Verified?.Record ?? NewestVerification(outcome);
        return initial with
        {
            Succeeded = failure is null,
            Reason = failure,
            PlainBytes = outcome.Manifest.PlainBytes,
            StoredBytes = outcome.Manifest.StoredBytes,
            GoodSnapshotAt = outcome.Verified?.Record?.Result == VerificationResult.Damaged
                ? null
                : outcome.Manifest.CompletedAt,
            VerifiedAt = verified?.CompletedAt,
            VerifiedSound = verified is null ? null : verified.Result == VerificationResult.Sound,
        };
    }

    /// <summary>
    /// The newest verification among the snapshots that the retention has read; another process may have made it.
    /// </summary>
    private VerificationRecord? NewestVerification(BackupOutcome outcome) => DeepVerifications.Newest(
        outcome.Pruned?.Decisions.Where(decision => decision.IsOwn).Select(decision => decision.Snapshot) ?? [],
        time.GetUtcNow());

    private static FailureReason ReasonOf(Exception e) => e switch
    {
        BackupException known => known.Reason,
        OperationCanceledException => FailureReason.Cancelled,
        _ => FailureReason.Unexpected,
    };

    private static void SetTags(Activity? span, BackupOutcome outcome)
    {
        SnapshotManifest manifest = outcome.Manifest;
        span?.SetTag("snapshot.id", manifest.Id.ToString());
        span?.SetTag("snapshot.plain_bytes", manifest.PlainBytes);
        span?.SetTag("snapshot.stored_bytes", manifest.StoredBytes);
        span?.SetTag("etcd.revision", manifest.Revision);
        if ((outcome.VerifyFailure ?? outcome.PruneFailure) is { } failure)
        {
            SetError(span, failure.Reason, failure.Message);
        }
    }

    private static void SetError(Activity? span, FailureReason? reason, string message)
    {
        span?.SetTag("error.type", $"{reason}");
        span?.SetStatus(ActivityStatusCode.Error, message);
    }
}
