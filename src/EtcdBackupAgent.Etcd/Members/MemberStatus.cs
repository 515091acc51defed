using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Etcd.Api;

namespace EtcdBackupAgent.Etcd.Members;

/// <summary>The status that a member returned at one endpoint.</summary>
internal sealed record MemberStatus(string Endpoint, StatusResponse Status)
{
    public bool HasLeader => Status.Leader != 0;

    public EtcdMemberRole Role =>
        Status.IsLearner ? EtcdMemberRole.Learner : IsLeader ? EtcdMemberRole.Leader : EtcdMemberRole.Follower;

    public bool IsLeader => HasLeader && Status.Leader == Status.Header.MemberId;

    /// <summary>The member as the manifest describes it.</summary>
    public EtcdMember ToMember() => new()
    {
        Endpoint = Endpoint,
        ClusterId = new EtcdId(Status.Header.ClusterId),
        MemberId = new EtcdId(Status.Header.MemberId),
        Role = Role,
        Version = Status.Version,
        Revision = Status.Header.Revision,
        RaftTerm = Status.RaftTerm,
        RaftIndex = Status.RaftIndex,
        DbSizeBytes = Status.DbSize,
        DbSizeInUseBytes = Status.DbSizeInUse is > 0 and var inUse ? inUse : null,
    };
}
