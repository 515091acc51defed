using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Etcd.Failures;
using EtcdBackupAgent.Etcd.Members;
using EtcdBackupAgent.Etcd.Streaming;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Etcd;

/// <summary>Reads snapshots from a live etcd cluster. It has no open connection between two snapshots.</summary>
/// <remarks>
/// Opening one:
/// <list type="number">
/// <item>For changes: make a linearizable read at all endpoints, in parallel.</item>
/// <item>Read the status of all endpoints, in parallel.</item>
/// <item>Refuse endpoints of different clusters: otherwise chance would decide which one is backed up.</item>
/// <item>Put the members in order (<see cref="MemberChoice"/>).</item>
/// <item>
/// Open the stream at the first member that returns one. If none does, the failure gives the reason of each endpoint.
/// </item>
/// </list>
/// </remarks>
public sealed partial class EtcdSnapshotSource(
    EtcdConnection connection, TimeProvider timeProvider, ILogger<EtcdSnapshotSource> logger) : ISnapshotSource
{
    public Task<EtcdSnapshot> OpenAsync(CancellationToken cancellationToken) =>
        OpenAsync(preferredMember: null, cancellationToken);

    public Task<EtcdSnapshot> OpenForChangesAsync(EtcdId preferredMember, CancellationToken cancellationToken) =>
        OpenAsync(preferredMember, cancellationToken);

    private async Task<EtcdSnapshot> OpenAsync(EtcdId? preferredMember, CancellationToken cancellationToken)
    {
        connection.Validate(timeProvider.GetUtcNow());
        using EndpointClients clients = new(connection, ChannelLimits.ForSnapshot(), timeProvider);

        // 1
        Dictionary<string, string?> notLinearizable = preferredMember is null
            ? []
            : await ReadLinearizableAsync(clients.All, cancellationToken);

        // 2
        List<BackupException> failures = [];
        List<MemberStatus> members = await StatusReader.ReadAllAsync(clients.All, failures, cancellationToken);

        // 3
        MemberChoice.RequireOneCluster(members);

        // 4
        MemberChoice choice = MemberChoice.Among(members, preferredMember);
        failures.AddRange(choice.SkipReasons.Select(why => new BackupException(FailureReason.EtcdFailed, why)));

        // 5
        foreach (MemberStatus candidate in choice.Candidates)
        {
            try
            {
                SnapshotStream stream = await clients[candidate.Endpoint].SnapshotAsync(cancellationToken);
                clients.Release(candidate.Endpoint);
                LogChoice(candidate, stream, failures);
                EtcdMember member = candidate.ToMember();
                HashKvReader hashKv = new(connection, EndpointOf(member), member, timeProvider);
                return new EtcdSnapshot(member, stream.SizeBytes, stream, hashKv.ReadAsync)
                {
                    HasRevisionAsync = (revision, token) => HasRevisionAsync(member, revision, token),
                    NotLinearizableReason = notLinearizable.GetValueOrDefault(
                        candidate.Endpoint, EtcdSnapshot.LinearizableReadNotRequested),
                };
            }
            catch (BackupException e)
            {
                failures.Add(e);
            }
        }

        throw EndpointFailures.Combine(failures, "None of the etcd endpoints returned a snapshot.");
    }

    /// <summary>Makes a linearizable read at each endpoint, in parallel.</summary>
    /// <returns>For each endpoint why the read failed; null if it succeeded.</returns>
    private static async Task<Dictionary<string, string?>> ReadLinearizableAsync(
        IEnumerable<EtcdClient> clients, CancellationToken cancellationToken)
    {
        (string Endpoint, string? Failure)[] reads = await Task.WhenAll(clients.Select(async client =>
        {
            try
            {
                await client.ReadLinearizableAsync(cancellationToken);
                return (client.Endpoint, (string?)null);
            }
            catch (BackupException e)
            {
                return (client.Endpoint, e.Message);
            }
        }));
        return reads.ToDictionary(read => read.Endpoint, read => read.Failure, StringComparer.Ordinal);
    }

    /// <summary>Asks the member on a new connection: that of the snapshot belongs to the stream.</summary>
    private async Task<bool> HasRevisionAsync(EtcdMember member, long revision, CancellationToken cancellationToken)
    {
        using EtcdClient client = new(connection, EndpointOf(member), timeProvider);
        return !await client.IsCompactedAsync(revision, cancellationToken);
    }

    private Uri EndpointOf(EtcdMember member) =>
        connection.Endpoints.First(endpoint => EtcdEndpoints.Display(endpoint) == member.Endpoint);

    private void LogChoice(MemberStatus chosen, SnapshotStream stream, List<BackupException> failures)
    {
        foreach (BackupException failure in failures)
        {
            LogSkipped(failure.Message);
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
        "Reading the snapshot of etcd at {Endpoint}: member {MemberId}, {Role}, version {Version}, "
        + "revision {Revision}, {SizeBytes} bytes")]
    private partial void LogMember(
        string? endpoint, EtcdId? memberId, EtcdMemberRole? role, string? version, long revision, long sizeBytes);

    [LoggerMessage(2, LogLevel.Warning, "An etcd endpoint was skipped: {Cause}")]
    private partial void LogSkipped(string cause);

    [LoggerMessage(
        3,
        LogLevel.Warning,
        "The etcd member at {Endpoint} knows no leader, and no other readable member does: the snapshot may lack the "
        + "cluster's last writes")]
    private partial void LogNoLeader(string? endpoint);

    [LoggerMessage(
        4,
        LogLevel.Warning,
        "The etcd member at {Endpoint} is a learner, and no voting member can be read: the snapshot may lack the "
        + "cluster's last writes")]
    private partial void LogLearner(string? endpoint);
}
