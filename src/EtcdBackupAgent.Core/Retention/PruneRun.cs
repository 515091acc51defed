using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Core.Retention;

/// <summary>What a prune did, or would do.</summary>
public sealed record PruneReport
{
    /// <summary>One for each snapshot that can be read, newest first; empty if no rule was given.</summary>
    public required IReadOnlyList<RetentionDecision> Decisions { get; init; }

    /// <summary>Objects of backups that did not come to their end.</summary>
    public required IReadOnlyList<StoredObject> UnreferencedObjects { get; init; }

    /// <summary>Uploads that did not come to their end.</summary>
    public required IReadOnlyList<PendingUpload> StaleUploads { get; init; }

    /// <summary>Snapshots whose manifest cannot be read; they are left alone.</summary>
    public required IReadOnlyList<UnreadableSnapshot> Unreadable { get; init; }

    /// <summary>Snapshots that are dated in the future: they are not counted as newest.</summary>
    public IReadOnlyList<Snapshot> FromFuture { get; init; } = [];

    /// <summary>
    /// What could not be collected, and the right that is missing; what is doubtful about dates and restore notes. All
    /// else was done.
    /// </summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>The snapshots that go.</summary>
    public IEnumerable<RetentionDecision> Removed => Decisions.Where(d => !d.Keep);
}

/// <summary>Removes the snapshots that the rule does not keep, and what backups left behind that did not come to their
/// end.</summary>
/// <remarks>
/// 1. Take the inventory.
/// 2. Plan: which snapshots, which unreferenced objects, which uploads. A dry run ends here.
/// 3. Of the objects and uploads leave alone what is not old by the store's clock too: this machine's may be days
///    ahead, and then a backup under way looks old.
/// 4. Remove the snapshots, oldest first, each with its manifest first: a crash leaves a shorter list, never a
///    broken snapshot.
/// 5. Remove the unreferenced objects.
/// 6. Abort the uploads. A user who may not list or abort them, or a server that cannot, costs a warning.
/// </remarks>
public sealed class PruneRun(BackupRepository repository, TimeProvider time)
{
    /// <summary>
    /// How long objects without a manifest and unfinished uploads are left alone: they may belong to a backup under
    /// way.
    /// </summary>
    public static readonly TimeSpan UnreferencedAgeMin = TimeSpan.FromHours(24);

    /// <summary><see cref="UnreferencedAgeMin"/>; other values are for tests, which do not wait.</summary>
    public TimeSpan UnreferencedAge { get; init; } = UnreferencedAgeMin;

    /// <param name="rule">Which snapshots to keep; null to remove no snapshot and only collect what is
    /// unreferenced.</param>
    /// <param name="dryRun">True to only plan.</param>
    /// <param name="cancellationToken">Ends it between two removals, or within one; the next prune goes on.</param>
    /// <exception cref="BackupException">With the store's reason.</exception>
    public async Task<PruneReport> ExecuteAsync(
        RetentionRule? rule, bool dryRun, CancellationToken cancellationToken)
    {
        // 1. the inventory
        Inventory inventory = await repository.TakeInventoryAsync(cancellationToken);

        // 2. the plan
        List<string> warnings = [.. PruneWarnings.Of(inventory)];
        DateTimeOffset old = time.GetUtcNow() - UnreferencedAge;
        PruneReport plan = new()
        {
            Decisions = rule is null ? [] : RetentionPlan.Make(inventory.History, rule),
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
        plan = await LeaveYoungAsync(plan, inventory, warnings, cancellationToken);

        // 4. the snapshots
        foreach (RetentionDecision decision in plan.Removed.Reverse())
        {
            await repository.RemoveAsync(decision.Snapshot.Folder, cancellationToken);
        }

        // 5. the unreferenced objects
        await repository.Store.DeleteAsync([.. plan.UnreferencedObjects.Select(o => o.Key)], cancellationToken);

        // 6. the uploads
        return plan with { StaleUploads = await AbortAsync(plan.StaleUploads, warnings, cancellationToken) };
    }

    /// <summary>Objects of folders without a manifest in which nothing is young: a backup under way is not
    /// disturbed.</summary>
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
            warnings.Add(Warning($"{stale.Count - aborted.Count} unfinished uploads stay in the store", e));
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
            warnings.Add(Warning("Unfinished uploads are not collected", e));
        }

        return stale;
    }

    private async Task<PruneReport> LeaveYoungAsync(
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
                "What unfinished backups left is not all collected, since the store's own time is not known", problem));
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
