using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Etcd.Members;
using EtcdBackupAgent.Etcd.Streaming;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Etcd;

/// <summary>Reads snapshots from a live etcd cluster. Holds no connection between two snapshots.</summary>
/// <remarks>
/// Opening one:
/// <list type="number">
/// <item>Ask all endpoints for their status, in parallel.</item>
/// <item>Refuse endpoints of different clusters: which one would be backed up would be chance.</item>
/// <item>Put the members in order (<see cref="MemberChoice"/>).</item>
/// <item>Open the stream at the first that gives it. If none does, say of each endpoint why.</item>
/// </list>
/// </remarks>
public sealed partial class EtcdSnapshotSource(
    EtcdConnection connection, TimeProvider timeProvider, ILogger<EtcdSnapshotSource> logger) : ISnapshotSource
{
    public async Task<EtcdSnapshot> OpenAsync(CancellationToken cancellationToken)
    {
        connection.Validate(timeProvider.GetUtcNow());
        Dictionary<string, EtcdClient> clients = new(StringComparer.Ordinal);
        try
        {
            foreach (Uri endpoint in connection.Endpoints)
            {
                EtcdClient client = new(connection, endpoint, timeProvider);
                if (!clients.TryAdd(client.Endpoint, client))
                {
                    client.Dispose();
                }
            }

            // 1
            List<BackupException> failures = [];
            List<MemberAnswer> answers = await StatusQuestion.AskAsync(clients.Values, failures, cancellationToken);

            // 2
            MemberChoice.RequireOneCluster(answers);

            // 3
            MemberChoice choice = MemberChoice.Among(answers);
            failures.AddRange(choice.PassedOver.Select(why => new BackupException(FailureReason.EtcdFailed, why)));

            // 4
            foreach (MemberAnswer candidate in choice.Candidates)
            {
                try
                {
                    SnapshotStream stream = await clients[candidate.Endpoint].SnapshotAsync(cancellationToken);
                    clients.Remove(candidate.Endpoint);
                    LogChoice(candidate, stream, failures);
                    EtcdMember member = candidate.ToMember();
                    HashKvQuestion question = new(connection, EndpointOf(member), member, timeProvider);
                    return new EtcdSnapshot(member, stream.SizeBytes, stream, question.AskAsync);
                }
                catch (BackupException e)
                {
                    failures.Add(e);
                }
            }

            throw NoneIsReadable(failures);
        }
        finally
        {
            foreach (EtcdClient client in clients.Values)
            {
                client.Dispose();
            }
        }
    }

    private Uri EndpointOf(EtcdMember member) =>
        connection.Endpoints.First(endpoint => EtcdEndpoints.Display(endpoint) == member.Endpoint);

    /// <summary>
    /// One failure for all endpoints. A refusal decides the reason, since only a person can mend it; then an answer that was an
    /// error; unreachable, and therefore worth trying again, is what is left.
    /// </summary>
    private static BackupException NoneIsReadable(List<BackupException> failures)
    {
        BackupException first = failures.Find(failure => failure.Reason == FailureReason.EtcdDenied)
            ?? failures.Find(failure => failure.Reason != FailureReason.EtcdUnreachable)
            ?? failures[0];
        return failures.Count == 1
            ? first
            : new BackupException(
                first.Reason,
                $"None of the etcd endpoints gives a snapshot. {string.Join(' ', failures.Select(failure => failure.Message))}",
                first)
            {
                Hint = first.Hint,
            };
    }

    private void LogChoice(MemberAnswer chosen, SnapshotStream stream, List<BackupException> failures)
    {
        foreach (BackupException failure in failures)
        {
            LogPassedOver(failure.Message);
        }

        EtcdMember member = chosen.ToMember();
        LogMember(member.Endpoint, member.MemberId, member.Role, member.Version, member.Revision, stream.SizeBytes);
        if (!chosen.HasLeader)
        {
            LogNoLeader(member.Endpoint);
        }

        if (member.Role == EtcdMemberRole.Learner)
        {
            LogLearner(member.Endpoint);
        }
    }

    [LoggerMessage(
        1,
        LogLevel.Information,
        "Reading the snapshot of etcd at {Endpoint}: member {MemberId}, {Role}, version {Version}, revision {Revision}, {SizeBytes} bytes")]
    private partial void LogMember(
        string endpoint, EtcdId memberId, EtcdMemberRole role, string version, long revision, long sizeBytes);

    [LoggerMessage(2, LogLevel.Warning, "An etcd endpoint was passed over: {Cause}")]
    private partial void LogPassedOver(string cause);

    [LoggerMessage(
        3,
        LogLevel.Warning,
        "The etcd member at {Endpoint} knows no leader, and no other is better: the snapshot may lack the cluster's last writes")]
    private partial void LogNoLeader(string endpoint);

    [LoggerMessage(
        4,
        LogLevel.Warning,
        "The etcd member at {Endpoint} is a learner, and no voting member can be read: the snapshot may lack the "
        + "cluster's last writes")]
    private partial void LogLearner(string endpoint);
}
