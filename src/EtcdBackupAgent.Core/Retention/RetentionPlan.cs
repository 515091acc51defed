using EtcdBackupAgent.Core.Repository;

namespace EtcdBackupAgent.Core.Retention;

/// <summary>What is to happen to one snapshot, and why.</summary>
public sealed record RetentionDecision(Snapshot Snapshot, bool Keep, string Reason);

/// <summary>
/// Decides which snapshots stay: a pure function of the snapshots and the rule, with a reason for each.
/// </summary>
/// <remarks>
/// Within the rule's policy and cluster, newest first:
/// 1. complete snapshots are kept until there are as many as the rule asks for;
/// 2. an incomplete one, and one that its last deep verification found damaged, is never counted; it stays while it is newer than the
///    oldest that is counted, since it tells of a fault that somebody should see;
/// 3. the newest that was deeply verified as sound stays, also if it is not among those: until a newer one is proved, it is the only one
///    that is known to be good;
/// 4. everything else that is older than the oldest that is counted goes.
/// Where there are fewer complete snapshots than asked for, everything stays: nothing is removed in favour of snapshots that cannot be restored.
/// </remarks>
public static class RetentionPlan
{
    /// <param name="snapshots">The repository's snapshots, in any order.</param>
    /// <param name="rule">The rule; its number is at least 1.</param>
    /// <returns>One decision for each snapshot, newest first.</returns>
    public static IReadOnlyList<RetentionDecision> Make(IEnumerable<Snapshot> snapshots, RetentionRule rule)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rule.RetainNumBackups, 1, nameof(rule));
        Snapshot[] newestFirst = [.. snapshots.OrderDescending(Snapshot.ByTime)];
        Snapshot? newestProved = newestFirst.FirstOrDefault(s => rule.Covers(s.Manifest) && s.IsProved);
        List<RetentionDecision> decisions = [];
        int kept = 0;
        foreach (Snapshot snapshot in newestFirst)
        {
            decisions.Add(Decide(snapshot, rule, ReferenceEquals(snapshot, newestProved), ref kept));
        }

        return decisions;
    }

    private static RetentionDecision Decide(Snapshot snapshot, RetentionRule rule, bool isNewestProved, ref int kept)
    {
        SnapshotManifest manifest = snapshot.Manifest;
        if (manifest.Policy != rule.Policy)
        {
            return Keep($"belongs to policy {manifest.Policy}");
        }

        if (manifest.Etcd.ClusterId != rule.ClusterId)
        {
            return Keep($"belongs to etcd cluster {manifest.Etcd.ClusterId}");
        }

        if (kept == rule.RetainNumBackups)
        {
            string older = $"older than the newest {rule.RetainNumBackups} complete snapshots";
            return isNewestProved
                ? Keep($"{older}, but the newest that was deeply verified as sound")
                : new RetentionDecision(snapshot, Keep: false, older);
        }

        if (!snapshot.IsComplete)
        {
            return Keep($"incomplete ({string.Join(", ", snapshot.Lacking.Select(a => a.Key.Value.Split('/')[^1]))} lacking), not counted");
        }

        if (snapshot.IsDamaged)
        {
            return Keep("damaged, as its deep verification found, not counted");
        }

        kept++;
        return Keep($"number {kept} of the newest {rule.RetainNumBackups} complete snapshots");

        RetentionDecision Keep(string reason) => new(snapshot, Keep: true, reason);
    }
}
