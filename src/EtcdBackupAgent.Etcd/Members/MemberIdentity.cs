using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Etcd.Api;

namespace EtcdBackupAgent.Etcd.Members;

/// <summary>
/// The member behind an endpoint. A proxy can lead each call to another member, or to another cluster.
/// </summary>
internal sealed record MemberIdentity(string Endpoint, EtcdId ClusterId, EtcdId MemberId)
{
    public static MemberIdentity Of(MemberStatus member) => new(
        member.Endpoint, new EtcdId(member.Status.Header.ClusterId), new EtcdId(member.Status.Header.MemberId));

    /// <summary>Returns the header of a response of this member.</summary>
    /// <param name="call">The call, such as <c>KV/Range</c>.</param>
    /// <param name="header">The header; null if the response had none.</param>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.EtcdFailed"/>: another member responded, or one of another cluster.
    /// </exception>
    public ResponseHeader Require(string call, ResponseHeader? header)
    {
        if (header is null)
        {
            throw new BackupException(FailureReason.EtcdFailed, $"{Endpoint}: {call} returned no header.");
        }

        EtcdId cluster = new(header.ClusterId);
        EtcdId member = new(header.MemberId);
        return cluster == ClusterId && member == MemberId
            ? header
            : throw new BackupException(
                FailureReason.EtcdFailed,
                $"{Endpoint}: member {member} of cluster {cluster} responded to {call} instead of member {MemberId} of "
                + $"cluster {ClusterId}.")
            {
                Hint = "Name the members themselves as endpoints, not a proxy or a load balancer before them.",
            };
    }
}
