using EtcdBackupAgent.Core.ChangeLog;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Core.Retention;

/// <summary>The result of a prune, or of a dry run.</summary>
public sealed record PruneReport
{
    /// <summary>One decision for each readable snapshot, newest first; empty if no rule was given.</summary>
    public required IReadOnlyList<RetentionDecision> Decisions { get; init; }

    /// <summary>What is removed of the policy's change log.</summary>
    public LogPrunePlan ChangeLog { get; init; } = LogPrunePlan.Nothing;

    /// <summary>Objects of unfinished backups.</summary>
    public required IReadOnlyList<StoredObject> UnreferencedObjects { get; init; }

    /// <summary>Unfinished uploads.</summary>
    public required IReadOnlyList<PendingUpload> StaleUploads { get; init; }

    /// <summary>Snapshots whose manifest cannot be read; prune does not remove them.</summary>
    public required IReadOnlyList<UnreadableSnapshot> Unreadable { get; init; }

    /// <summary>Snapshots that are dated in the future; they do not count as newest.</summary>
    public IReadOnlyList<Snapshot> FromFuture { get; init; } = [];

    /// <summary>
    /// What could not be removed and which permission is missing, and doubts about dates and restore notes. Everything
    /// else was done.
    /// </summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>The snapshots to remove.</summary>
    public IEnumerable<RetentionDecision> Removed => Decisions.Where(d => !d.Keep);

    /// <summary>The snapshots that only the lock of the bucket keeps.</summary>
    public IEnumerable<RetentionDecision> OnlyLocked => Decisions.Where(d => d.IsOnlyLocked);
}

/// <summary>
/// Removes the snapshots that the rule does not keep, the part of the change log that is then of no use, and the
/// remains of unfinished backups.
/// </summary>
/// <remarks>
/// 1. Take the inventory.
/// 2. Plan: which snapshots, which segments, which unreferenced objects, which uploads. A dry run ends here.
/// 3. Keep the objects and uploads that are not old by the store's clock, too: this machine's clock may be days ahead,
///    and then a running backup looks old.
/// 4. In a repository with signers, state which snapshots are removed (<see cref="Retirement"/>). Then remove them,
///    oldest first but incremental ones before their bases, each with its manifest first: a
///    crash leaves a shorter list, never a broken snapshot.
/// 5. Remove the segments, the unreferenced objects, and the statements that say nothing any more.
/// 6. Abort the uploads. If the user may not list or abort them, or the server cannot, this is a warning.
/// </remarks>
public sealed class PruneRun(BackupRepository repository, string agentVersion, TimeProvider time)
{
    private readonly Retirement _retirement = new(repository, agentVersion);

    /// <summary>
    /// Objects without a manifest and unfinished uploads that are younger than this are kept: they may belong to a
    /// running backup.
    /// </summary>
    public static readonly TimeSpan UnreferencedAgeMin = TimeSpan.FromHours(24);

    /// <summary><see cref="UnreferencedAgeMin"/>; tests use other values so that they need not wait.</summary>
    public TimeSpan UnreferencedAge { get; init; } = UnreferencedAgeMin;

    /// <summary>
    /// How long the change log of the rule's policy is kept; <see cref="TimeSpan.MaxValue"/> to remove only what no
    /// snapshot can use. Null to leave the change log alone.
    /// </summary>
    public TimeSpan? KeepChanges { get; init; }

    /// <param name="rule">
    /// The snapshots to keep; null to remove no snapshot, only unreferenced objects and uploads.
    /// </param>
    /// <param name="dryRun">True to plan only.</param>
    /// <param name="cancellationToken">
    /// A cancelled call may leave part of a snapshot's objects behind, without a manifest; the next prune continues.
    /// </param>
    /// <exception cref="BackupException">With the store's reason.</exception>
    public async Task<PruneReport> ExecuteAsync(
        RetentionRule? rule, bool dryRun, CancellationToken cancellationToken)
    {
        // 1. the inventory
        if (rule is not null && !dryRun)
        {
            _retirement.RequireKey();
        }

        Inventory inventory = await repository.TakeInventoryAsync(cancellationToken);

        // 2. the plan
        List<string> warnings = [.. PruneWarnings.Of(inventory)];
        DateTimeOffset old = time.GetUtcNow() - UnreferencedAge;
        IReadOnlyList<RetentionDecision> decisions =
            rule is null ? [] : RetentionPlan.Make(inventory.History, rule, time.GetUtcNow());
        warnings.AddRange(TooLarge(rule, decisions));
        PruneReport plan = new()
        {
            Decisions = decisions,
            ChangeLog = rule is not null && KeepChanges is { } keep
                ? await PlanLogAsync(rule, keep, inventory, decisions, cancellationToken)
                : LogPrunePlan.Nothing,
            UnreferencedObjects = FindUnreferenced(inventory, old),
            StaleUploads = await FindStaleUploadsAsync(old, warnings, cancellationToken),
            Unreadable = inventory.Unreadable,
            FromFuture = [.. inventory.FromFuture],
            Warnings = warnings,
        };
        if (dryRun)
        {
            return plan;
        }

        // 3. the store's clock
        plan = await KeepYoungAsync(plan, inventory, warnings, cancellationToken);

        // 4. the snapshots
        await _retirement.StateAsync(plan.Removed.Select(d => d.Snapshot), "retention", cancellationToken);
        foreach (RetentionDecision decision in plan.Removed
            .Reverse()
            .OrderByDescending(decision => decision.Snapshot.Manifest.IsIncremental))
        {
            await RemoveAsync(
                $"Not all of snapshot {decision.Snapshot.Id} was removed",
                () => repository.RemoveAsync(decision.Snapshot.Folder, cancellationToken),
                warnings);
        }

        // 5. the segments, the unreferenced objects and the useless statements
        await RemoveAsync(
            "Not all statements that say nothing any more were removed",
            () => _retirement.RemoveUselessAsync(inventory, cancellationToken),
            warnings);
        await RemoveAsync(
            "Not all segments of the change log were removed",
            () => plan.ChangeLog.RemoveAsync(repository.Store, cancellationToken),
            warnings);
        await RemoveAsync(
            "Not all objects of unfinished backups were removed",
            () => repository.Store.DeleteAsync([.. plan.UnreferencedObjects.Select(o => o.Key)], cancellationToken),
            warnings);

        // 6. the uploads
        return plan with { StaleUploads = await AbortAsync(plan.StaleUploads, warnings, cancellationToken) };
    }

    /// <summary>Removes objects, and warns about those that are locked. They stay until a later prune.</summary>
    private static async Task RemoveAsync(string fact, Func<Task> remove, List<string> warnings)
    {
        try
        {
            await remove();
        }
        catch (BackupException e) when (e.Reason == FailureReason.ObjectLocked)
        {
            warnings.Add(Warning(fact, e));
        }
    }

    private static IEnumerable<string> TooLarge(RetentionRule? rule, IReadOnlyList<RetentionDecision> decisions)
    {
        if (rule?.Retention.MaxBytes is { } bytesMax
            && RetentionPlan.OwnBytes(decisions) is var bytes
            && bytes > bytesMax)
        {
            yield return $"The snapshots of policy {rule.Policy} that are kept whatever their size have {bytes} bytes, "
                + $"more than the {bytesMax} that retention allows.";
        }
    }

    private async Task<LogPrunePlan> PlanLogAsync(
        RetentionRule rule,
        TimeSpan keep,
        Inventory inventory,
        IReadOnlyList<RetentionDecision> decisions,
        CancellationToken cancellationToken)
    {
        HashSet<Snapshot> removed = [.. decisions.Where(d => !d.Keep).Select(d => d.Snapshot)];
        return LogPrunePlan.Make(
            await LogInventory.ReadAsync(repository.Store, cancellationToken),
            [.. inventory.Snapshots.Where(s => !removed.Contains(s))],
            rule.Policy,
            rule.PolicyUid,
            LogPrunePlan.OldBefore(time.GetUtcNow(), keep));
    }

    /// <summary>
    /// Returns the objects of folders that have no manifest and no young object, so that a running backup is not
    /// disturbed.
    /// </summary>
    private static List<StoredObject> FindUnreferenced(Inventory inventory, DateTimeOffset old) =>
    [
        .. inventory.Unreferenced.Values
            .Where(objects => objects.All(o => o.ModifiedAt < old))
            .SelectMany(objects => objects)
            .OrderBy(o => o.Key.Value, StringComparer.Ordinal),
    ];

    /// <returns>The uploads that were aborted: all, or those before the first one that was refused.</returns>
    private async Task<List<PendingUpload>> AbortAsync(
        IReadOnlyList<PendingUpload> stale, List<string> warnings, CancellationToken cancellationToken)
    {
        List<PendingUpload> aborted = [];
        try
        {
            foreach (PendingUpload upload in stale)
            {
                await repository.Store.AbortUploadAsync(upload, cancellationToken);
                aborted.Add(upload);
            }
        }
        catch (BackupException e) when (IsRefusal(e))
        {
            warnings.Add(Warning($"{stale.Count - aborted.Count} unfinished uploads remain in the store", e));
        }

        return aborted;
    }

    private async Task<List<PendingUpload>> FindStaleUploadsAsync(
        DateTimeOffset old, List<string> warnings, CancellationToken cancellationToken)
    {
        List<PendingUpload> stale = [];
        try
        {
            await foreach (PendingUpload upload in repository.Store.ListPendingUploadsAsync(cancellationToken))
            {
                if (upload.StartedAt < old)
                {
                    stale.Add(upload);
                }
            }
        }
        catch (BackupException e) when (IsRefusal(e))
        {
            warnings.Add(Warning("Unfinished uploads are not removed", e));
        }

        return stale;
    }

    private async Task<PruneReport> KeepYoungAsync(
        PruneReport plan, Inventory inventory, List<string> warnings, CancellationToken cancellationToken)
    {
        DateTimeOffset[] dates =
        [
            .. plan.UnreferencedObjects.Select(o => o.ModifiedAt),
            .. plan.StaleUploads.Select(u => u.StartedAt),
        ];
        if (dates.Length == 0)
        {
            return plan;
        }

        StoreClock clock = await StoreClock.ReadAsync(
            repository.Store, inventory, dates.Max() + UnreferencedAge, cancellationToken);
        if (clock.Problem is { } problem)
        {
            warnings.Add(Warning(
                "Not all remains of unfinished backups are removed, because the store's own time is not known",
                problem));
        }

        DateTimeOffset old = clock.AtLeast - UnreferencedAge;
        return plan with
        {
            UnreferencedObjects = [.. FindUnreferenced(inventory, old).Intersect(plan.UnreferencedObjects)],
            StaleUploads = [.. plan.StaleUploads.Where(u => u.StartedAt < old)],
        };
    }

    private static bool IsRefusal(BackupException e) =>
        e.Reason is FailureReason.StoreDenied or FailureReason.StoreUnsupported;

    private static string Warning(string fact, BackupException e) =>
        $"{fact}: {e.Message}{(e.Hint is null ? "" : $" {e.Hint}")}";
}
