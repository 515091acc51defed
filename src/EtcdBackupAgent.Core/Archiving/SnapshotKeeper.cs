using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.ChangeLog;
using EtcdBackupAgent.Core.Deadlines;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Retention;

namespace EtcdBackupAgent.Core.Archiving;

/// <summary>
/// Makes the snapshots on which a log is applied, and prunes the log after each. One is due when the lineage has none,
/// when the newest is old enough, or when something changed that no watch reports.
/// </summary>
internal sealed class SnapshotKeeper(
    BackupRepository repository,
    ArchiveRequest request,
    Func<SnapshotLog, CancellationToken, Task<BackupOutcome>> makeSnapshot,
    IArchiveObserver observer,
    TimeProvider time) : IDisposable
{
    private static readonly TimeSpan RetryFirst = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RetryMax = TimeSpan.FromMinutes(5);

    /// <summary>
    /// How long after a snapshot that could not be verified the next one is due if it is damaged. The member may be
    /// damaged too, so that each one is as large as the database and of no use.
    /// </summary>
    private static readonly TimeSpan UnverifiedRetry = TimeSpan.FromHours(1);

    private readonly SemaphoreSlim _changed = new(0);
    private readonly Lock _gate = new();
    private LineageDocument? _lineage;
    private string? _requested;

    /// <summary>Says which lineage is being written.</summary>
    public void Follow(LineageDocument lineage)
    {
        lock (_gate)
        {
            _lineage = lineage;
        }

        _changed.Release();
    }

    /// <summary>Requests a snapshot now.</summary>
    /// <param name="reason">Why, as a sentence without a full stop.</param>
    public void Request(string reason)
    {
        lock (_gate)
        {
            _requested = reason;
        }

        _changed.Release();
    }

    /// <summary>Makes snapshots until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        BackOff backOff = new(time, RetryFirst, RetryMax);
        TimeSpan? wait = null;
        while (true)
        {
            await WaitAsync(wait, cancellationToken);
            try
            {
                wait = await MakeIfDueAsync(cancellationToken);
                backOff.Reset();
            }
            catch (BackupException e) when (e.Reason != FailureReason.Cancelled)
            {
                wait = backOff.Next();
                observer.SnapshotFailed(e, wait.Value);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _changed.Dispose();

    /// <summary>Waits for a change, but not longer than a time; null for any time.</summary>
    private async Task WaitAsync(TimeSpan? limit, CancellationToken cancellationToken)
    {
        if (limit is not { } wait)
        {
            await _changed.WaitAsync(cancellationToken);
            return;
        }

        using Deadline deadline = new(wait, time, cancellationToken);
        try
        {
            await _changed.WaitAsync(deadline.Token);
        }
        catch (OperationCanceledException) when (deadline.HasPassed)
        {
            // It is time to look again.
        }
    }

    /// <summary>
    /// Makes a snapshot if one is due. Returns when the next one is due; null if nothing is followed.
    /// </summary>
    private async Task<TimeSpan?> MakeIfDueAsync(CancellationToken cancellationToken)
    {
        (LineageDocument? lineage, string? requested) = Take();
        if (lineage is null)
        {
            return null;
        }

        Inventory inventory = await repository.TakeInventoryAsync(cancellationToken);
        Snapshot? newest = SnapshotHistory.Newest(
            inventory.Snapshots, s => s.IsGood && LogBases.IsBaseOf(s.Manifest, lineage, lineage.StartRevision));
        if (newest is not null)
        {
            observer.SnapshotFound(newest.Id);
        }

        TimeSpan age = newest is null ? TimeSpan.MaxValue : time.GetUtcNow() - newest.Manifest.StartedAt;
        string? reason = requested
            ?? (newest is null ? "the change log has no snapshot yet"
                : age >= request.SnapshotEvery ? $"the newest snapshot, {newest.Id}, is old enough"
                : null);
        if (reason is null)
        {
            return request.SnapshotEvery - age;
        }

        BackupOutcome outcome;
        try
        {
            outcome = await makeSnapshot(new SnapshotLog { Lineage = lineage.Id }, cancellationToken);
            observer.SnapshotMade(outcome, reason);
        }
        catch
        {
            Restore(requested);
            throw;
        }

        await PruneAsync(cancellationToken);
        return outcome.VerifyFailure is not null && UnverifiedRetry < request.SnapshotEvery
            ? UnverifiedRetry
            : request.SnapshotEvery;
    }

    private async Task PruneAsync(CancellationToken cancellationToken)
    {
        try
        {
            int removed = await new LogPruneRun(repository, time)
                .ExecuteAsync(request.Policy, request.PolicyUid, request.Log.Keep, cancellationToken);
            if (removed > 0)
            {
                observer.Pruned(removed);
            }
        }
        catch (BackupException e)
        {
            observer.PruneFailed(e);
        }
    }

    private (LineageDocument? Lineage, string? Requested) Take()
    {
        lock (_gate)
        {
            (LineageDocument?, string?) taken = (_lineage, _requested);
            _requested = null;
            return taken;
        }
    }

    /// <summary>A request that was not met stays.</summary>
    private void Restore(string? requested)
    {
        lock (_gate)
        {
            _requested ??= requested;
        }
    }
}
