using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Etcd.Api;

namespace EtcdBackupAgent.Etcd.Members;

/// <summary>What a member said of itself at one endpoint.</summary>
internal sealed record MemberAnswer(string Endpoint, StatusResponse Status)
{
    public bool HasLeader => Status.Leader != 0;

    public EtcdMemberRole Role =>
        Status.IsLearner ? EtcdMemberRole.Learner : IsLeader ? EtcdMemberRole.Leader : EtcdMemberRole.Follower;

    public bool IsLeader => HasLeader && Status.Leader == Status.Header.MemberId;
}
