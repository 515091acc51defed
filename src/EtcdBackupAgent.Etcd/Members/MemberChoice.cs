using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Etcd.Members;

/// <summary>
/// Which members a snapshot may be read from, best first, and why the others may not.
/// </summary>
/// <remarks>
/// <list type="number">
/// <item>A member with a CORRUPT alarm has data that differs from the others', and a learner that has received nothing
/// yet has none: never.</item>
/// <item>A learner only where no voting member is left: it may lag behind without knowing, and answers no HashKV. etcd
/// gives its snapshot since 3.5 and in later releases of 3.4.</item>
/// <item>A member that knows no leader may lag behind the cluster without knowing: only where no other is left. Then it is read
/// all the same, for when a cluster has lost its quorum a snapshot that may lack the last writes is what one wants most.</item>
/// <item>A follower before the leader, which has enough to do.</item>
/// <item>The highest revision. Then the order in which the endpoints were given.</item>
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
    public required IReadOnlyList<MemberAnswer> Candidates { get; init; }

    /// <summary>Sentences, each beginning with the endpoint.</summary>
    public required IReadOnlyList<string> PassedOver { get; init; }

    public static MemberChoice Among(IReadOnlyList<MemberAnswer> members) => new()
    {
        Candidates =
        [
            .. members
                .Where(member => Unfit(member) is null)
                .OrderBy(member => member.Status.IsLearner)
                .ThenByDescending(member => member.HasLeader)
                .ThenBy(member => member.IsLeader)
                .ThenByDescending(member => member.Status.Header.Revision),
        ],
        PassedOver =
        [
            .. members
                .Where(member => Unfit(member) is not null)
                .Select(member => $"{member.Endpoint}: {Unfit(member)}."),
        ],
    };

    /// <summary>Refuses members of different clusters: which one would be backed up would be chance.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>, naming each with its cluster.</exception>
    public static void RequireOneCluster(IReadOnlyList<MemberAnswer> members)
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

    private static string? Unfit(MemberAnswer member)
    {
        if (member.Status is { IsLearner: true, Header.Revision: <= RevisionOfEmptyStore })
        {
            return "the member is a learner that has received no data yet";
        }

        return CorruptAlarm.Concerns(member.Status) ? "the member has a CORRUPT alarm" : null;
    }
}
