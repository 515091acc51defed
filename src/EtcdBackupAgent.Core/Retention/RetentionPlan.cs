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
/// 2. an incomplete one is never counted; it stays while it is newer than the oldest that is kept, since it tells of a fault that
///    somebody should see;
/// 3. everything older than the oldest that is kept goes.
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
        List<RetentionDecision> decisions = [];
        int kept = 0;
        foreach (Snapshot snapshot in snapshots.OrderDescending(Snapshot.ByTime))
        {
            decisions.Add(Decide(snapshot, rule, ref kept));
        }

        return decisions;
    }

    private static RetentionDecision Decide(Snapshot snapshot, RetentionRule rule, ref int kept)
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
            return new RetentionDecision(
                snapshot, Keep: false, $"older than the newest {rule.RetainNumBackups} complete snapshots");
        }

        if (!snapshot.IsComplete)
        {
            return Keep($"incomplete ({string.Join(", ", snapshot.Lacking.Select(a => a.Key.Value.Split('/')[^1]))} lacking), not counted");
        }

        kept++;
        return Keep($"number {kept} of the newest {rule.RetainNumBackups} complete snapshots");

        RetentionDecision Keep(string reason) => new(snapshot, Keep: true, reason);
    }
}
