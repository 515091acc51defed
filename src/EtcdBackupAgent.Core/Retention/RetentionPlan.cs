using System.Globalization;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.History;

namespace EtcdBackupAgent.Core.Retention;

/// <summary>The decision about one snapshot, with its reason.</summary>
/// <param name="Snapshot">The snapshot.</param>
/// <param name="IsOwn">Whether it belongs to the rule's policy and history; other snapshots are always kept.</param>
/// <param name="Keep">Whether it is kept.</param>
/// <param name="Reason">A phrase without a full stop.</param>
public sealed record RetentionDecision(Snapshot Snapshot, bool IsOwn, bool Keep, string Reason);

/// <summary>
/// Decides which snapshots are kept: a pure function of the snapshots and the rule, with a reason for each decision.
/// </summary>
/// <remarks>
/// Within the rule's policy and history (<see cref="OwnSnapshots"/>), newest first in the order of
/// <see cref="SnapshotHistory"/>:
/// 1. Complete snapshots are counted and kept until the rule's number is reached.
/// 2. Incomplete snapshots, snapshots that their last deep verification found damaged, and snapshots that are dated in
///    the future are not counted. They are kept while they are newer than the oldest counted snapshot, because they
///    show a fault that a person should see.
/// 3. If dates and etcd's history contradict each other, one of them is wrong, and it is not known which. So the newest
///    snapshots by date are kept, too, up to the rule's number.
/// 4. The newest snapshot that was deeply verified as sound is kept even if it is not counted: until a newer one is
///    verified, it is the only one that is known to be good.
/// 5. The snapshot that was just made is kept, whatever its date.
/// 6. A base is kept while a kept incremental snapshot stands on it.
/// 7. Everything else that is older than the oldest counted snapshot is removed. If there are fewer complete snapshots
///    than the rule's number, everything is kept: nothing is removed in favour of snapshots that cannot be restored.
/// </remarks>
public sealed class RetentionPlan
{
    private readonly SnapshotHistory _history;
    private readonly RetentionRule _rule;
    private readonly OwnSnapshots _own;
    private readonly HashSet<SnapshotFolder> _newestByDate;
    private readonly HashSet<SnapshotFolder> _newestProved;
    private int _counted;

    private RetentionPlan(SnapshotHistory history, RetentionRule rule)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rule.RetainNumBackups, 1, nameof(rule));
        _history = history;
        _rule = rule;
        _own = history.OwnOf(rule.Policy, rule.ClusterId, rule.PolicyUid);
        Snapshot[] oldestFirst = [.. history.Snapshots.Where(_own.Contains)];
        _newestByDate = [.. oldestFirst.Where(IsCounted)
            .OrderDescending(Snapshot.ByTime)
            .Take(rule.RetainNumBackups)
            .Select(s => s.Folder)];
        _newestProved = [.. new[]
            {
                oldestFirst.LastOrDefault(s => s.IsProved),
                SnapshotHistory.Newest(oldestFirst, s => s.IsProved),
            }.OfType<Snapshot>().Select(s => s.Folder)];
    }

    private string Older => $"older than the newest {_rule.RetainNumBackups} complete snapshots";

    /// <param name="history">The repository's snapshots.</param>
    /// <param name="rule">The rule; its number is at least 1.</param>
    /// <returns>One decision for each snapshot, newest first.</returns>
    public static IReadOnlyList<RetentionDecision> Make(SnapshotHistory history, RetentionRule rule) =>
        new RetentionPlan(history, rule).Decide();

    private static bool IsCounted(Snapshot snapshot) => snapshot.IsGood && !snapshot.IsFromFuture;

    private IReadOnlyList<RetentionDecision> Decide()
    {
        RetentionDecision[] decisions =
        [
            .. _history.Snapshots.Reverse().Select(snapshot =>
            {
                string? foreign = _own.ForeignReason(snapshot.Manifest);
                (bool keep, string reason) = foreign is null ? DecideOwn(snapshot) : (true, foreign);
                return new RetentionDecision(snapshot, IsOwn: foreign is null, keep, reason);
            }),
        ];
        return KeepBases(decisions);
    }

    /// <summary>Keeps every base on which a kept snapshot stands, of whichever policy.</summary>
    private static IReadOnlyList<RetentionDecision> KeepBases(RetentionDecision[] decisions)
    {
        ILookup<SnapshotFolder, SnapshotId> dependents = decisions
            .Where(decision => decision is { Keep: true, Snapshot.Base: not null })
            .ToLookup(decision => decision.Snapshot.Base!.Folder, decision => decision.Snapshot.Id);
        return
        [
            .. decisions.Select(decision => !decision.Keep && dependents.Contains(decision.Snapshot.Folder)
                ? decision with
                {
                    Keep = true,
                    Reason = $"{decision.Reason}, but the base of "
                        + string.Join(", ", dependents[decision.Snapshot.Folder]),
                }
                : decision),
        ];
    }

    private (bool Keep, string Reason) DecideOwn(Snapshot snapshot)
    {
        if (_counted == _rule.RetainNumBackups)
        {
            return ReasonToKeepOld(snapshot) is { } exception ? (true, $"{Older}, but {exception}") : (false, Older);
        }

        if (!snapshot.IsComplete)
        {
            return (true, $"incomplete ({snapshot.MissingParts}), not counted");
        }

        if (snapshot.IsDamaged)
        {
            return (true, "damaged according to its deep verification, not counted");
        }

        if (snapshot.IsFromFuture)
        {
            return (true, $"dated in the future ({DateOf(snapshot)}), not counted");
        }

        _counted++;
        return (true, $"number {_counted} of the newest {_rule.RetainNumBackups} complete snapshots");
    }

    private string? ReasonToKeepOld(Snapshot snapshot)
    {
        if (snapshot.Id == _rule.JustMade)
        {
            return "just made";
        }

        if (_newestByDate.Contains(snapshot.Folder))
        {
            return $"one of the newest {_rule.RetainNumBackups} by date ({DateOf(snapshot)}), "
                + "which etcd's revisions contradict";
        }

        return _newestProved.Contains(snapshot.Folder) ? "the newest that was deeply verified as sound" : null;
    }

    private static string DateOf(Snapshot snapshot) =>
        snapshot.Manifest.StartedAt.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
