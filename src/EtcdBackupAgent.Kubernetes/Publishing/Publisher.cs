using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Deadlines;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Retention;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Publishing;

/// <summary>Publishes one backup in the cluster: in the records, the policy's status and its events. All of these are
/// only a view of the bucket: if something cannot be published, the backup is still valid, and the next run or the
/// controller's sync catches up.</summary>
/// <remarks>
/// <para>
/// 1. Publish that the run has begun. A failure of this step is not reported.
/// 2. Make the backup.
/// 3. If it fails: write the policy's status and an event.
/// 4. If it succeeds: create its record, and those of earlier snapshots that could not be published; write the policy's
///    status and an event; and remove the records of the snapshots that retention removed.
/// 5. If the backup exists but its verification failed: create its record, and write the rest as for a failed backup.
/// </para>
/// <para>
/// Each of these is repeated until it succeeds or the time is up (<see cref="PublisherLimits"/>), and may be executed
/// twice.
/// </para>
/// </remarks>
/// <param name="client">The cluster.</param>
/// <param name="pod">The pod or machine that makes the backups.</param>
/// <param name="time">The clock.</param>
internal sealed class Publisher(KubernetesClient client, string pod, TimeProvider time)
{
    private readonly RecordPublisher _records = new(client);
    private readonly PolicyStatusPublisher _statuses = new(client, pod, time);
    private readonly EventRecorder _events = new(client, pod, time);

    public PublisherLimits Limits { get; init; } = new();

    /// <param name="run">The run to publish.</param>
    /// <param name="backUp">Makes the backup.</param>
    /// <param name="unpublished">Called with the reason if something could not be published.</param>
    /// <param name="cancellationToken">Stops the backup, but not the publication of its result.</param>
    /// <returns>The result of <paramref name="backUp"/>; its exceptions are passed on.</returns>
    public async Task<BackupOutcome> RunAsync(
        PublishedRun run,
        Func<CancellationToken, Task<BackupOutcome>> backUp,
        Action<BackupException> unpublished,
        CancellationToken cancellationToken)
    {
        // 1
        await BegunAsync(run, cancellationToken);

        // 2
        BackupOutcome outcome;
        try
        {
            outcome = await backUp(cancellationToken);
        }
        catch (Exception e)
        {
            // 3
            await FailedAsync(run, FailureOf(e), unpublished);
            throw;
        }

        // 4, 5
        await EndedAsync(run, outcome, unpublished);
        return outcome;
    }

    /// <summary>Step 3; also used for a run that failed before its backup began.</summary>
    public async Task FailedAsync(PublishedRun run, BackupException failure, Action<BackupException> unpublished)
    {
        using CancellationTokenSource timeIsUp = new(
            failure.Reason == FailureReason.Cancelled ? Limits.Stopped : Limits.End, time);
        await PublishFailureAsync(new Publication(NewCall(), unpublished, timeIsUp.Token), run, failure);
    }

    private async Task BegunAsync(PublishedRun run, CancellationToken cancellationToken)
    {
        using Deadline deadline = new(Limits.Begin, time, cancellationToken);
        await NewCall().TryAsync(
            "publish that a backup has begun", token => _statuses.BegunAsync(run, token), deadline.Token);
    }

    private async Task EndedAsync(PublishedRun run, BackupOutcome outcome, Action<BackupException> unpublished)
    {
        SnapshotManifest manifest = outcome.Manifest;
        VerificationRecord? verification = outcome.Verified?.Record;
        using CancellationTokenSource timeIsUp = new(Limits.End, time);
        Publication publication = new(NewCall(), unpublished, timeIsUp.Token);
        await publication.PublishAsync($"create the record of snapshot {manifest.Id}", token => _records.PublishAsync(
            run.Policy.Namespace, run.Location, manifest, verification, locked: null, isForeign: false, token));
        if (outcome.VerifyFailure is { } verifyFailure)
        {
            await PublishFailureAsync(publication, run, verifyFailure);
            return;
        }

        await publication.PublishAsync(
            $"write the status of policy {run.Policy}",
            token => _statuses.SucceededAsync(run, manifest, verification, token));
        await publication.PublishAsync(
            $"record an event of policy {run.Policy}",
            token =>
                EventAsync(
                    run,
                    EventType.Normal,
                    "BackupSucceeded",
                    PolicyStatus.SuccessText(manifest.Id),
                    manifest.Id.Value,
                    token));
        foreach ((string reason, string lacking) in Lacks(outcome))
        {
            await publication.PublishAsync($"record an event of policy {run.Policy}", token => EventAsync(
                run,
                EventType.Warning,
                reason,
                $"Snapshot {manifest.Id}: {lacking}",
                $"{manifest.Id.Value}-{reason.ToLowerInvariant()}",
                token));
        }

        if (outcome.Pruned is { } pruned)
        {
            await publication.PublishAsync(
                $"remove the records of snapshots that policy {run.Policy} does not keep",
                token => RemoveAsync(run, [.. pruned.Removed.Select(d => d.Snapshot.Id)], token));
            await publication.PublishAsync($"create the records of earlier snapshots of policy {run.Policy}", token =>
                CatchUpAsync(run, [.. pruned.Decisions.Where(d => d.Keep)], token));
        }

        if (outcome.PruneFailure is { } failure)
        {
            string key = EventRecorder.NewKey();
            await publication.PublishAsync($"record an event of policy {run.Policy}", token =>
                EventAsync(run, EventType.Warning, "PruneFailed", failure.Message, key, token));
        }
    }

    /// <summary>What a snapshot lacks, which would otherwise be noticed only when it is missed.</summary>
    private static IEnumerable<(string Reason, string Text)> Lacks(BackupOutcome outcome)
    {
        if (outcome.Manifest.Cluster is not null && outcome.Warnings.Count > 0)
        {
            yield return ("ObjectsLeftOut", string.Join(' ', outcome.Warnings));
        }

        if (outcome.PointWarning is { } warning)
        {
            yield return ("RestorePointMissing", warning);
        }
    }

    private async Task PublishFailureAsync(Publication publication, PublishedRun run, BackupException failure)
    {
        DateTimeOffset at = time.GetUtcNow();
        string key = EventRecorder.NewKey();
        await publication.PublishAsync($"write the status of policy {run.Policy}", token =>
            _statuses.FailedAsync(run, failure, at, token));
        await publication.PublishAsync($"record an event of policy {run.Policy}", token =>
            EventAsync(run, EventType.Warning, "BackupFailed", failure.Message, key, token));
    }

    private async Task RemoveAsync(PublishedRun run, SnapshotId[] removed, CancellationToken cancellationToken)
    {
        foreach (SnapshotId id in removed)
        {
            await _records.RemoveAsync(run.Policy.Namespace, run.Location, id, cancellationToken);
        }
    }

    private async Task CatchUpAsync(PublishedRun run, RetentionDecision[] kept, CancellationToken cancellationToken)
    {
        ResourceList records = await client.ListAsync(
            ClusterKinds.Record, run.Policy.Namespace, ResourceSelection.All, cancellationToken);
        HashSet<string> known = [.. records.Items.Select(ObjectMetadata.Name)];
        foreach (RetentionDecision decision in kept.Where(d => d.Snapshot.Manifest.Policy == run.Policy))
        {
            Snapshot snapshot = decision.Snapshot;
            if (!known.Contains(ClusterNames.RecordOf(snapshot.Id.Value)))
            {
                await _records.PublishAsync(
                    run.Policy.Namespace,
                    run.Location,
                    snapshot.Manifest,
                    snapshot.Verification,
                    snapshot.Lock,
                    isForeign: !decision.IsOwn,
                    cancellationToken);
            }
        }
    }

    /// <summary>Records an event about the policy; does nothing if the policy no longer exists.</summary>
    private async Task EventAsync(
        PublishedRun run,
        EventType type,
        string reason,
        string message,
        string key,
        CancellationToken cancellationToken)
    {
        ResourceName name = run.Policy;
        JsonObject? existing = await client.FindAsync(
            ClusterKinds.Policy, name.Namespace, name.Name, cancellationToken);
        if (PolicyObject.Of(existing) is { } policy && run.IsOf(policy))
        {
            await _events.RecordOnceAsync(ClusterKinds.Policy, policy, type, reason, message, key, cancellationToken);
        }
    }

    private RetriedCall NewCall() => new(client, Limits, time);

    private static BackupException FailureOf(Exception e) => e switch
    {
        BackupException failure => failure,
        OperationCanceledException => new BackupException(FailureReason.Cancelled, "The backup was stopped.", e),
        _ => new BackupException(FailureReason.Unexpected, $"Unexpected error: {e.Message}", e),
    };

    /// <summary>Publishes several things, each independently of the result of the others.</summary>
    private sealed record Publication(RetriedCall Call, Action<BackupException> Unpublished, CancellationToken TimeIsUp)
    {
        public async Task PublishAsync(string action, Func<CancellationToken, Task> call)
        {
            // One call may be denied and another allowed. When the time is up, one message is enough.
            if (!TimeIsUp.IsCancellationRequested && await Call.TryAsync(action, call, TimeIsUp) is { } failure)
            {
                Unpublished(failure);
            }
        }
    }
}
