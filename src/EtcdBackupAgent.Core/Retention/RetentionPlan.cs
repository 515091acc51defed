using System.Globalization;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Core.Retention;

/// <summary>The decision about one snapshot, with its reason.</summary>
/// <param name="Snapshot">The snapshot.</param>
/// <param name="IsOwn">Whether it belongs to the rule's policy and history; other snapshots are always kept.</param>
/// <param name="Keep">Whether it is kept.</param>
/// <param name="Reason">A phrase without a full stop.</param>
public sealed record RetentionDecision(Snapshot Snapshot, bool IsOwn, bool Keep, string Reason)
{
    /// <summary>Whether the lock of the bucket alone keeps it.</summary>
    public bool IsOnlyLocked { get; init; }

    /// <summary>Returns the decision to keep a snapshot that only its lock keeps.</summary>
    internal RetentionDecision Locked(ObjectLock found) => this with
    {
        Keep = true,
        IsOnlyLocked = true,
        Reason = $"{Reason}, but locked until {found}",
    };
}

/// <summary>
/// Decides which snapshots are kept: a pure function of the snapshots, the rule and the time, with a reason for each
/// decision.
/// </summary>
/// <remarks>
/// Within the rule's policy and history (<see cref="OwnSnapshots"/>):
/// 1. Snapshots that are good (<see cref="Snapshot.IsGood"/>) and not dated in the future count. One that counts is
///    kept if a kind keeps it (<see cref="KindsThatKeep"/>); its expiry overrides that.
/// 2. The others are not counted. They are kept until as many newer ones count as the largest kind keeps, because they
///    show a fault that a person should see. So nothing is removed in favour of snapshots that cannot be restored.
/// 3. Whatever the kinds say, some are kept (<see cref="ReasonToKeepAnyway"/>): the one that was just made, those that
///    are held, the newest ones up to the minimum, and the newest that was deeply verified as sound: until a newer one
///    is verified, it is the only one that is known to be good.
/// 4. A snapshot that its bucket has locked is kept until that date, whatever the rule says.
/// 5. A base is kept while a kept incremental snapshot stands on it.
/// 6. If all that is kept is larger than allowed, the oldest are removed, except for those of steps 3 and 4.
/// "Newest" is the order of <see cref="SnapshotHistory"/>. If dates contradict it, one of both is wrong, and it is not
/// known which; so the newest by date are kept, too. Hours, days, weeks, months and years can only be told by dates.
/// </remarks>
public sealed class RetentionPlan
{
    private readonly SnapshotHistory _history;
    private readonly RetentionRule _rule;
    private readonly DateTimeOffset _now;
    private readonly OwnSnapshots _own;
    private readonly Snapshot[] _newestFirst;
    private readonly Snapshot[] _newestFirstByDate;
    private readonly ILookup<SnapshotFolder, string> _kinds;
    private readonly HashSet<SnapshotFolder> _newestProved;
    private int _counted;

    private RetentionPlan(SnapshotHistory history, RetentionRule rule, DateTimeOffset now)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rule.Retention.Last ?? 1, 1, nameof(rule));
        ArgumentOutOfRangeException.ThrowIfLessThan(rule.Retention.Minimum, 1, nameof(rule));
        (_history, _rule, _now) = (history, rule, now);
        _own = history.OwnOf(rule.Policy, rule.ClusterId, rule.PolicyUid);
        Snapshot[] oldestFirst = [.. history.Snapshots.Where(_own.Contains)];
        _newestFirst = [.. oldestFirst.Where(IsCounted).Reverse()];
        _newestFirstByDate = [.. _newestFirst.OrderDescending(Snapshot.ByTime)];
        _kinds = KindsThatKeep().ToLookup(kind => kind.Folder, kind => kind.Reason);
        _newestProved = [.. new[]
            {
                oldestFirst.LastOrDefault(s => s.IsProved),
                SnapshotHistory.Newest(oldestFirst, s => s.IsProved),
            }.OfType<Snapshot>().Select(s => s.Folder)];
    }

    private PolicyRetention Retention => _rule.Retention;

    /// <summary>How many newer snapshots that count must exist before one that does not count is removed.</summary>
    private int NewerMin => RetentionPeriods.All.Select(kind => kind.Count(Retention))
        .Append(Retention.Last)
        .Max(count => Math.Max(count ?? 0, Retention.Minimum));

    /// <param name="history">The repository's snapshots.</param>
    /// <param name="rule">The rule.</param>
    /// <param name="now">The time, for snapshots that expire.</param>
    /// <returns>One decision for each snapshot, newest first.</returns>
    public static IReadOnlyList<RetentionDecision> Make(
        SnapshotHistory history, RetentionRule rule, DateTimeOffset now) =>
        new RetentionPlan(history, rule, now).Decide();

    private static bool IsCounted(Snapshot snapshot) => snapshot.IsGood && !snapshot.IsFromFuture;

    private bool IsExpired(Snapshot snapshot) => snapshot.Manifest.ExpiresAt <= _now;

    private IReadOnlyList<RetentionDecision> Decide()
    {
        RetentionDecision[] decisions =
        [
            .. _history.Snapshots.Reverse().Select(snapshot =>
            {
                string? foreign = _own.ForeignReason(snapshot.Manifest);
                (bool keep, string reason) = foreign is null ? DecideOwn(snapshot) : (true, foreign);
                RetentionDecision decision = new(snapshot, IsOwn: foreign is null, keep, reason);
                return !keep && snapshot.IsLockedAt(_now) ? decision.Locked(snapshot.Lock!) : decision;
            }),
        ];
        return Retention.MaxBytes is { } bytesMax ? Shrink(decisions, bytesMax) : KeepBases(decisions);
    }

    /// <summary>The snapshots that a kind keeps, each with the reason; one may be kept by several.</summary>
    private IEnumerable<(SnapshotFolder Folder, string Reason)> KindsThatKeep()
    {
        Snapshot[] newestFirst = [.. _newestFirst.Where(s => !IsExpired(s))];
        Snapshot[] newestFirstByDate = [.. _newestFirstByDate.Where(s => !IsExpired(s))];
        if (!Retention.HasKinds)
        {
            return newestFirst.Select(snapshot => (snapshot.Folder, "kept while there is room"));
        }

        int last = Retention.Last ?? 0;
        DateTimeOffset? youngAfter = newestFirstByDate.FirstOrDefault()?.Manifest.StartedAt - Retention.Within;
        return
        [
            .. newestFirst.Take(last).Select((snapshot, i) =>
                (snapshot.Folder, $"number {i + 1} of the newest {last} complete snapshots")),
            .. newestFirstByDate.Take(last).Except(newestFirst.Take(last)).Select(snapshot =>
                (snapshot.Folder,
                    $"one of the newest {last} by date ({DateOf(snapshot)}), which etcd's revisions contradict")),
            .. RetentionPeriods.All.SelectMany(kind => kind.Keep(newestFirstByDate, Retention)),
            .. newestFirstByDate.Where(snapshot => snapshot.Manifest.StartedAt > youngAfter).Select(snapshot =>
                (snapshot.Folder, $"within {Text(Retention.Within!.Value)} of the newest")),
        ];
    }

    private (bool Keep, string Reason) DecideOwn(Snapshot snapshot)
    {
        (bool keep, string reason) = IsCounted(snapshot) ? DecideCounted(snapshot) : DecideUncounted(snapshot);
        return !keep && ReasonToKeepAnyway(snapshot) is { } exception ? (true, $"{reason}, but {exception}")
            : (keep, reason);
    }

    private (bool Keep, string Reason) DecideCounted(Snapshot snapshot)
    {
        _counted++;
        return _kinds.Contains(snapshot.Folder) ? (true, string.Join("; ", _kinds[snapshot.Folder]))
            : IsExpired(snapshot) ? (false, $"expired at {TimeText(snapshot.Manifest.ExpiresAt!.Value)}")
            : (false, NotKept());
    }

    private (bool Keep, string Reason) DecideUncounted(Snapshot snapshot) =>
        _counted >= NewerMin ? (false, $"older than the newest {NewerMin} complete snapshots")
        : !snapshot.IsComplete ? (true, $"incomplete ({snapshot.MissingParts}), not counted")
        : snapshot.ReasonNotCounted is { } why ? (true, $"{why}, not counted")
        : (true, $"dated in the future ({DateOf(snapshot)}), not counted");

    private string? ReasonToKeepAnyway(Snapshot snapshot) =>
        snapshot.Id == _rule.JustMade ? "just made"
        : snapshot.Hold is { } hold ? $"held: {hold.Reason}"
        : IsAmongMinimum(snapshot) ? $"one of the newest {Retention.Minimum}, which are always kept"
        : _newestProved.Contains(snapshot.Folder) ? "the newest that was deeply verified as sound"
        : null;

    private bool IsAmongMinimum(Snapshot snapshot) =>
        _newestFirst.Take(Retention.Minimum).Concat(_newestFirstByDate.Take(Retention.Minimum)).Contains(snapshot);

    /// <summary>Why no kind keeps a snapshot.</summary>
    private string NotKept()
    {
        string[] kinds =
        [
            .. RetentionPeriods.All
                .Where(kind => kind.Count(Retention) is not null)
                .Select(kind => $"{kind.Name} {kind.Count(Retention)}"),
            .. Retention.Within is { } within ? [$"within {Text(within)}"] : Array.Empty<string>(),
        ];
        string older = $"older than the newest {Retention.Last} complete snapshots";
        return kinds.Length == 0 ? older
            : Retention.Last is null ? $"not kept by {string.Join(", ", kinds)}"
            : $"{older}, and not kept by {string.Join(", ", kinds)}";
    }

    /// <summary>Keeps every base on which a kept snapshot stands, of whichever policy.</summary>
    private static IReadOnlyList<RetentionDecision> KeepBases(IReadOnlyList<RetentionDecision> decisions)
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

    /// <summary>
    /// Removes the oldest snapshots until the rest has at most this many stored bytes, or until only those are left
    /// that are kept anyway.
    /// </summary>
    private IReadOnlyList<RetentionDecision> Shrink(RetentionDecision[] decisions, long bytesMax)
    {
        IReadOnlyList<RetentionDecision> kept = KeepBases(decisions);
        for (int i = decisions.Length - 1; i >= 0 && OwnBytes(kept) > bytesMax; i--)
        {
            RetentionDecision oldest = decisions[i];
            if (oldest is { IsOwn: true, Keep: true }
                && ReasonToKeepAnyway(oldest.Snapshot) is null
                && !oldest.Snapshot.IsLockedAt(_now))
            {
                decisions[i] = oldest with
                {
                    Keep = false,
                    Reason = $"the oldest, and all together have more than {bytesMax} bytes",
                };
                kept = KeepBases(decisions);
            }
        }

        return kept;
    }

    /// <summary>The stored bytes of the policy's snapshots that are kept.</summary>
    internal static long OwnBytes(IEnumerable<RetentionDecision> decisions) => decisions
        .Where(decision => decision is { IsOwn: true, Keep: true })
        .Sum(decision => decision.Snapshot.Manifest.StoredBytes);

    private static string Text(TimeSpan duration) => duration.Ticks % TimeSpan.TicksPerDay == 0
        ? string.Create(CultureInfo.InvariantCulture, $"{duration.Days}d")
        : string.Create(CultureInfo.InvariantCulture, $"{duration.TotalHours:0.##}h");

    private static string DateOf(Snapshot snapshot) => TimeText(snapshot.Manifest.StartedAt);

    private static string TimeText(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
