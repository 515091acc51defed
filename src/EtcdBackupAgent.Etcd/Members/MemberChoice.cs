using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Etcd.Members;

/// <summary>
/// The members that a snapshot can be read from, best first, and why the others cannot be used.
/// </summary>
/// <remarks>
/// <list type="number">
/// <item>
/// Never use a member with a CORRUPT alarm, whose data differs from the others', or a learner that has not received
/// data yet.
/// </item>
/// <item>
/// Use a learner only if there is no voting member: it may lag behind without knowing, and does not serve HashKV. etcd
/// serves its snapshot since 3.5 and in later releases of 3.4.
/// </item>
/// <item>
/// Use a member that knows no leader only if there is no other: it may lag behind the cluster without knowing. It is
/// still used then, because a cluster that has lost its quorum needs a backup most, even one that may lack the last
/// writes.
/// </item>
/// <item>Prefer a follower to the leader, which has more work to do.</item>
/// <item>Prefer the highest revision, then the order in which the endpoints are given.</item>
/// </list>
/// </remarks>
internal sealed record MemberChoice
{
    /// <summary>The revision of a store before its first write.</summary>
    private const long RevisionOfEmptyStore = 1;

    private MemberChoice()
    {
    }

    /// <summary>Best first.</summary>
    public required IReadOnlyList<MemberStatus> Candidates { get; init; }

    /// <summary>Why the other members cannot be used: sentences that begin with the endpoint.</summary>
    public required IReadOnlyList<string> SkipReasons { get; init; }

    /// <param name="members">The members that returned a status.</param>
    /// <param name="preferred">The member that comes first if it votes and knows a leader; null for none.</param>
    public static MemberChoice Among(IReadOnlyList<MemberStatus> members, EtcdId? preferred = null) => new()
    {
        Candidates =
        [
            .. members
                .Where(member => SkipReason(member) is null)
                .OrderBy(member => member.Status.IsLearner)
                .ThenByDescending(member => member.HasLeader)
                .ThenByDescending(member => member.Status.Header.MemberId == preferred?.Value)
                .ThenBy(member => member.IsLeader)
                .ThenByDescending(member => member.Status.Header.Revision),
        ],
        SkipReasons =
        [
            .. members
                .Where(member => SkipReason(member) is not null)
                .Select(member => $"{member.Endpoint}: {SkipReason(member)}."),
        ],
    };

    /// <summary>
    /// Refuses members of different clusters: otherwise chance would decide which one is backed up.
    /// </summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/>, naming each with its cluster.
    /// </exception>
    public static void RequireOneCluster(IReadOnlyList<MemberStatus> members)
    {
        if (members.DistinctBy(member => member.Status.Header.ClusterId).Count() > 1)
        {
            throw new BackupException(
                FailureReason.InvalidInput,
                "The etcd endpoints belong to different clusters: "
                + string.Join("; ", members.Select(member =>
                    $"{member.Endpoint} to {new EtcdId(member.Status.Header.ClusterId)}")) + ".")
            {
                Hint = "Name the members of one cluster only.",
            };
        }
    }

    /// <summary>Returns why a member cannot be used; null if it can.</summary>
    private static string? SkipReason(MemberStatus member)
    {
        if (member.Status is { IsLearner: true, Header.Revision: <= RevisionOfEmptyStore })
        {
            return "the member is a learner that has not received data yet";
        }

        return CorruptAlarm.IsRaisedFor(member.Status) ? "the member has a CORRUPT alarm" : null;
    }
}
