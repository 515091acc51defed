using EtcdBackupAgent.Snapshots.Reports;

namespace EtcdBackupAgent.Snapshots.DataDirectory;

/// <summary>
/// Finds out which cluster a database is of. A database does not contain the ID of its cluster: etcd computes it once,
/// from the IDs of the members that found the cluster, and keeps it in its log.
/// </summary>
/// <remarks>
/// The founders are among the members and the removed members of the database. Which of them, it does not say: a member
/// that joined later has an ID of the same form, which also depends on the time. A member that founded a cluster with
/// etcd's default token is recognized by its peer URLs, unless they were changed. Source: <c>computeMemberId</c>
/// and <c>genID</c> in etcd's <c>server/etcdserver/api/membership</c>.
/// </remarks>
public static class FoundingMembers
{
    /// <summary>
    /// The most members, with the removed ones, whose combinations are tried: 65,535 combinations.
    /// </summary>
    public const int MembersMax = 16;

    /// <summary>The token of a cluster if none is given, as with kubeadm and k3s.</summary>
    private const string TokenDefault = "etcd-cluster";

    /// <summary>Returns the most likely ID of the cluster; null if the database names no member.</summary>
    /// <param name="state">The members of the database.</param>
    /// <param name="isCertain">
    /// Whether the founders are known: none was removed, and there is only one member or at least one recognized
    /// founder.
    /// </param>
    public static ulong? Compute(EtcdState state, out bool isCertain)
    {
        ulong[] recognized = [.. state.Members.Where(IsFounder).Select(member => member.Id).Order()];
        ulong[] founders =
            recognized.Length > 0 ? recognized : [.. state.Members.Select(member => member.Id).Order()];
        isCertain = state.RemovedMembers.Count == 0 && (recognized.Length > 0 || founders.Length == 1);
        return founders.Length == 0 ? null : RaftCluster.ClusterId(founders);
    }

    /// <summary>
    /// Returns the IDs of all clusters that some of the members can have founded; only the most likely one if there are
    /// more than <see cref="MembersMax"/>.
    /// </summary>
    public static IReadOnlySet<ulong> AllPossible(EtcdState state)
    {
        ulong[] all = [.. state.Members.Select(member => member.Id).Concat(state.RemovedMembers).Distinct().Order()];
        HashSet<ulong> possible = [];
        if (Compute(state, out _) is { } likely)
        {
            possible.Add(likely);
        }

        Span<ulong> founders = stackalloc ulong[MembersMax];
        for (uint chosen = 1; all.Length <= MembersMax && chosen < 1u << all.Length; chosen++)
        {
            int count = 0;
            for (int i = 0; i < all.Length; i++)
            {
                if ((chosen >> i & 1) == 1)
                {
                    founders[count++] = all[i];
                }
            }

            possible.Add(RaftCluster.ClusterId(founders[..count]));
        }

        return possible;
    }

    private static bool IsFounder(EtcdMemberReport member) =>
        member.Id == RaftCluster.MemberId(member.PeerUrls.Order(StringComparer.Ordinal), TokenDefault);
}
