using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;

namespace EtcdBackupAgent.Core.Backups;

/// <summary>Whether a backup may be incremental, and on which base: pure decisions, each with its reason.</summary>
/// <param name="Base">The base; null if the backup must be full.</param>
/// <param name="Reason">Why, as a sentence without a full stop.</param>
internal sealed record BaseChoice(Snapshot? Base, string Reason)
{
    /// <summary>Chooses the base among the snapshots of a repository.</summary>
    /// <remarks>
    /// Only the newest full snapshot of the policy counts. An older one that is sound is not used instead: a new full
    /// snapshot is due then in any case. An imported one never counts: it does not name the member that it is of.
    /// </remarks>
    /// <param name="inventory">The snapshots.</param>
    /// <param name="request">The backup.</param>
    /// <param name="increments">What the policy asks for.</param>
    /// <param name="now">The time at which the backup began.</param>
    public static BaseChoice Among(
        Inventory inventory, BackupRequest request, PolicyIncrements increments, DateTimeOffset now)
    {
        OwnSnapshots own = inventory.History.OwnOf(request.Policy, request.PolicyUid);
        Snapshot? newest = SnapshotHistory.Newest(
            inventory.Snapshots,
            snapshot => snapshot.Manifest is { Etcd: not null, IsIncremental: false, Import: null }
                && own.Contains(snapshot));
        return newest switch
        {
            null => Full("the policy has no full snapshot yet"),
            { IsComplete: false } => Full($"the newest full snapshot, {newest.Id}, is incomplete"),
            { IsDamaged: true } => Full($"the newest full snapshot, {newest.Id}, is damaged"),
            { IsGood: false } => Full(
                $"the newest full snapshot, {newest.Id}, does not count ({newest.ReasonNotCounted})"),
            _ when now - newest.Manifest.StartedAt >= increments.FullEvery => Full(
                $"the newest full snapshot, {newest.Id}, is of {newest.Manifest.StartedAt.ToUniversalTime():u}, and a "
                + $"full one is due every {increments.FullEvery.TotalHours:0.##} h"),
            _ => new BaseChoice(newest, $"changes since {newest.Id}"),
        };
    }

    /// <summary>
    /// Returns why the member must not be stored as changes since a base; null if it may. The revision alone does not
    /// prove that two databases have the same history (<c>docs/spec/increments.md</c>).
    /// </summary>
    public static string? FindObstacle(EtcdMember known, EtcdSnapshot snapshot)
    {
        EtcdMember member = snapshot.Member;
        return member.ClusterId != known.ClusterId
                ? $"the etcd cluster is {member.ClusterId}, and that of the base {known.ClusterId}"
            : member.Version != known.Version
                ? $"etcd has version {member.Version}, and had {known.Version} when the base was made"
            : snapshot.NotLinearizableReason is { } why
                ? $"it is not known whether the member has the cluster's last writes: {why.TrimEnd('.')}"
            : member.Revision < known.Revision
                ? $"etcd is at revision {member.Revision}, and the base is at {known.Revision}: the cluster was "
                    + "restored"
            : member.RaftTerm < known.RaftTerm || member.RaftIndex < known.RaftIndex
                ? $"etcd is at raft term {member.RaftTerm} and index {member.RaftIndex}, and the base is at "
                    + $"{known.RaftTerm} and {known.RaftIndex}: the cluster was restored"
            : null;
    }

    private static BaseChoice Full(string reason) => new(null, reason);
}
