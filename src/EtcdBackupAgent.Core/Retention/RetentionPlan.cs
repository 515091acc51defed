using System.Globalization;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.History;

namespace EtcdBackupAgent.Core.Retention;

/// <summary>What is to happen to one snapshot, and why.</summary>
/// <param name="Snapshot">The snapshot.</param>
/// <param name="IsOwn">Whether it is of the rule's policy and history; others always stay.</param>
/// <param name="Keep">Whether it stays.</param>
/// <param name="Reason">A phrase without a full stop.</param>
public sealed record RetentionDecision(Snapshot Snapshot, bool IsOwn, bool Keep, string Reason);

/// <summary>
/// Decides which snapshots stay: a pure function of the snapshots and the rule, with a reason for each.
/// </summary>
/// <remarks>
/// Within the rule's policy and history (<see cref="OwnSnapshots"/>), newest first in the order of
/// <see cref="SnapshotHistory"/>:
/// 1. complete snapshots are kept until there are as many as the rule asks for;
/// 2. an incomplete one, one that its last deep verification found damaged, and one that is dated in the future is
///    never counted; it stays while it is newer than the oldest that is counted, since it tells of a fault that
///    somebody should see;
/// 3. where dates and etcd's history contradict each other, one of them is wrong, and it is not known which: the
///    newest by date stay, too, as many as the rule asks for;
/// 4. the newest that was deeply verified as sound stays, also if it is not among those: until a newer one is
///    proved, it is the only one that is known to be good;
/// 5. the one that was just made stays, whatever its date;
/// 6. everything else that is older than the oldest that is counted goes. Where there are fewer complete snapshots
///    than asked for, everything stays: nothing is removed in favour of snapshots that cannot be restored.
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

    private RetentionDecision[] Decide() =>
    [
        .. _history.Snapshots.Reverse().Select(snapshot =>
        {
            string? whose = _own.WhyNot(snapshot.Manifest);
            (bool keep, string reason) = whose is null ? DecideOwn(snapshot) : (true, whose);
            return new RetentionDecision(snapshot, IsOwn: whose is null, keep, reason);
        }),
    ];

    private (bool Keep, string Reason) DecideOwn(Snapshot snapshot)
    {
        if (_counted == _rule.RetainNumBackups)
        {
            return WhyKeptThoughOld(snapshot) is { } exception ? (true, $"{Older}, but {exception}") : (false, Older);
        }

        if (!snapshot.IsComplete)
        {
            IEnumerable<string> lacking = snapshot.Lacking.Select(a => a.Key.Value.Split('/')[^1]);
            return (true, $"incomplete ({string.Join(", ", lacking)} lacking), not counted");
        }

        if (snapshot.IsDamaged)
        {
            return (true, "damaged, as its deep verification found, not counted");
        }

        if (snapshot.IsFromFuture)
        {
            return (true, $"dated in the future ({DateOf(snapshot)}), not counted");
        }

        _counted++;
        return (true, $"number {_counted} of the newest {_rule.RetainNumBackups} complete snapshots");
    }

    private string? WhyKeptThoughOld(Snapshot snapshot)
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
