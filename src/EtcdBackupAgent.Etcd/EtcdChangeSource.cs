using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Etcd.Api;
using EtcdBackupAgent.Etcd.Failures;
using EtcdBackupAgent.Etcd.Members;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Etcd;

/// <summary>Connects to a member of a live etcd cluster whose changes can be watched.</summary>
/// <remarks>
/// Connecting:
/// <list type="number">
/// <item>Read the status of all endpoints, in parallel.</item>
/// <item>Refuse endpoints of different clusters.</item>
/// <item>
/// Put the members in order (<see cref="MemberChoice"/>), without learners, which etcd does not let watch, and without
/// members that know no leader, which may be cut off.
/// </item>
/// <item>
/// Choose the first member that answers a linearizable read: it can reach a majority, and has all earlier writes. If
/// none does, the failure gives the reason of each endpoint.
/// </item>
/// </list>
/// </remarks>
public sealed partial class EtcdChangeSource(
    EtcdConnection connection, TimeProvider timeProvider, ILogger<EtcdChangeSource> logger) : IChangeSource
{
    public async Task<IWatchedMember> ConnectAsync(CancellationToken cancellationToken)
    {
        connection.Validate(timeProvider.GetUtcNow());
        using EndpointClients clients = new(connection, ChannelLimits.ForWatch(connection), timeProvider);

        // 1
        List<BackupException> failures = [];
        List<MemberStatus> members = await StatusReader.ReadAllAsync(clients.All, failures, cancellationToken);

        // 2
        MemberChoice.RequireOneCluster(members);

        // 3
        MemberChoice choice = MemberChoice.Among(members);
        failures.AddRange(choice.SkipReasons.Select(why => new BackupException(FailureReason.EtcdFailed, why)));
        failures.AddRange(choice.Candidates.Select(WhyNotWatched).OfType<BackupException>());

        // 4
        foreach (MemberStatus candidate in choice.Candidates.Where(candidate => WhyNotWatched(candidate) is null))
        {
            try
            {
                EtcdClient client = clients[candidate.Endpoint];
                MemberIdentity member = MemberIdentity.Of(candidate);
                ResponseHeader read =
                    member.Require("KV/Range", await client.ReadLinearizableAsync(cancellationToken));
                clients.Release(candidate.Endpoint);
                LogChoice(candidate, read.Revision, failures);
                return new WatchedMember(client, member, candidate.Status.Version, read.Revision);
            }
            catch (BackupException e)
            {
                failures.Add(e);
            }
        }

        throw EndpointFailures.Combine(failures, "None of the etcd endpoints can be watched.");
    }

    /// <summary>Returns why a member cannot be watched although its snapshot could be read; null if it can.</summary>
    private static BackupException? WhyNotWatched(MemberStatus member) => member switch
    {
        { Status.IsLearner: true } => new BackupException(
            FailureReason.EtcdFailed, $"{member.Endpoint}: the member is a learner, which serves no watch."),
        { HasLeader: false } => new BackupException(
            FailureReason.EtcdUnreachable, $"{member.Endpoint}: the member knows no leader."),
        _ => null,
    };

    private void LogChoice(MemberStatus chosen, long head, List<BackupException> failures)
    {
        foreach (BackupException failure in failures)
        {
            LogSkipped(failure.Message);
        }

        EtcdMember member = chosen.ToMember();
        LogMember(member.Endpoint, member.MemberId, member.Role, member.Version, head);
    }

    [LoggerMessage(
        1,
        LogLevel.Information,
        "Connected to etcd at {Endpoint} to watch it: member {MemberId}, {Role}, version {Version}, revision {Head}")]
    private partial void LogMember(
        string? endpoint, EtcdId? memberId, EtcdMemberRole? role, string? version, long head);

    [LoggerMessage(2, LogLevel.Warning, "An etcd endpoint was skipped: {Cause}")]
    private partial void LogSkipped(string cause);
}
