using System.Globalization;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Etcd.Api;

namespace EtcdBackupAgent.Etcd.Members;

/// <summary>What a cluster stores besides its keys and leases, and does not report in a watch.</summary>
internal static class ClusterSettings
{
    /// <summary>
    /// Returns a text that is the same as long as neither the authentication nor the members change: a line for the
    /// authentication, and one for each member in the order of the IDs.
    /// </summary>
    /// <param name="authentication">Null if the version of etcd does not report it.</param>
    /// <param name="members">The members, in any order.</param>
    public static string Describe(AuthStatusResponse? authentication, IEnumerable<Member> members) =>
        string.Join('\n', DescribeLines(authentication, members));

    private static IEnumerable<string> DescribeLines(AuthStatusResponse? authentication, IEnumerable<Member> members)
    {
        if (authentication is not null)
        {
            string state = authentication.Enabled ? "enabled" : "disabled";
            yield return string.Create(
                CultureInfo.InvariantCulture, $"authentication {state}, revision {authentication.AuthRevision}");
        }

        foreach (Member member in members.OrderBy(member => member.Id))
        {
            yield return $"{(member.IsLearner ? "learner" : "member")} {new EtcdId(member.Id)} '{member.Name}', "
                + $"peers [{Sorted(member.PeerUrls)}], "
                + $"clients [{Sorted(member.ClientUrls)}]";
        }
    }

    private static string Sorted(IEnumerable<string> urls) =>
        string.Join(' ', urls.Order(StringComparer.Ordinal));
}
