using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Etcd;
using EtcdBackupAgent.Etcd.Api;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Etcd;
using Xunit;
using AlarmType = Etcdserverpb.AlarmType;

namespace EtcdBackupAgent.IntegrationTests.Etcd;

/// <summary>
/// A cluster of three that loses one member after the other. It is one test, because each step needs the previous one.
/// </summary>
public sealed class EtcdClusterTests
{
    [Theory]
    [InlineData("3.4")]
    [InlineData("3.5")]
    public async Task A_snapshot_can_be_taken_while_one_member_is_alive(string version)
    {
        EtcdSeries series = EtcdServers.Series(version);
        await using EtcdServer server = await EtcdServer.StartAsync(
            new EtcdServerOptions { Series = series, Members = 3 });
        await server.EtcdctlAsync("put", "key", "value");
        EtcdConnection connection = EtcdServers.ConnectionTo(server) with { CallTimeout = TimeSpan.FromSeconds(5) };

        // All three live: a follower is read.
        (EtcdMember member, long revision) = await SnapshotFile.TakeAndCheckAsync(connection, series);
        Assert.Equal(EtcdMemberRole.Follower, member.Role);
        Assert.Equal(2, revision);

        // One is down: that is not a failure.
        await server.KillAsync(0);
        (EtcdMember second, RecordingLogger log) = await TakeAsync(connection);
        Assert.NotEqual(Display(server, 0), second.Endpoint);
        Assert.Contains(
            $"Warning: An etcd endpoint was skipped: {Display(server, 0)}: "
            + "Maintenance/Status failed: connection refused.",
            log.Lines);
        Assert.Contains(
            log.Lines,
            line =>
                line.StartsWith(
                    $"Information: Reading the snapshot of etcd at {second.Endpoint}",
                    StringComparison.Ordinal));

        // Two are down: the last has lost its leader, and is still read, with a warning.
        await server.KillAsync(1);
        using (EtcdClient last = new(connection, server.Endpoints[2], TimeProvider.System))
        {
            await TestDeadline.UntilAsync(
                "the last member to miss its leader",
                async () => (await last.StatusAsync(CancellationToken.None)).Leader == 0);
            StatusResponse status = await last.StatusAsync(CancellationToken.None);
            Assert.Contains("etcdserver: no leader", status.Errors);
        }

        (EtcdMember third, log) = await TakeAsync(connection);
        Assert.Equal(Display(server, 2), third.Endpoint);
        Assert.Contains(
            log.Lines,
            line =>
                line.StartsWith(
                    $"Warning: The etcd member at {third.Endpoint} knows no leader",
                    StringComparison.Ordinal));

        // All are down: each is named.
        await server.KillAsync(2);
        BackupException e = await Assert.ThrowsAsync<BackupException>(() => TakeAsync(connection));
        Assert.Equal(FailureReason.EtcdUnreachable, e.Reason);
        Assert.Equal(
            "None of the etcd endpoints returned a snapshot. "
            + string.Join(' ', Enumerable.Range(0, 3).Select(i =>
                $"{Display(server, i)}: Maintenance/Status failed: connection refused.")),
            e.Message);
    }

    [Theory]
    [InlineData("3.4")]
    [InlineData("3.5")]
    public async Task A_member_with_a_corrupt_alarm_is_not_read(string version)
    {
        await using EtcdServer server =
            await EtcdServer.StartAsync(new EtcdServerOptions { Series = EtcdServers.Series(version) });
        EtcdConnection connection = EtcdServers.ConnectionTo(server);
        using EtcdClient client = new(connection, server.Endpoints[0], TimeProvider.System);
        ulong member = (await client.StatusAsync(CancellationToken.None)).Header.MemberId;
        // etcdctl can disarm an alarm, but cannot raise one.
        using IndependentClient other = new(server.Endpoints[0]);
        await other.RaiseAlarmAsync(AlarmType.Corrupt, member);

        BackupException e = await Assert.ThrowsAsync<BackupException>(() => TakeAsync(connection));

        Assert.Equal(FailureReason.EtcdFailed, e.Reason);
        Assert.Equal($"{server.EndpointList}: the member has a CORRUPT alarm.", e.Message);
    }

    [Theory]
    [InlineData("3.4")]
    [InlineData("3.5")]
    public async Task A_learner_alone_is_read_if_etcd_serves_it_and_otherwise_reported_as_a_learner(string version)
    {
        await using EtcdServer server =
            await EtcdServer.StartAsync(new EtcdServerOptions { Series = EtcdServers.Series(version) });
        await server.EtcdctlAsync("put", "key", "value");
        EtcdConnection voting = EtcdServers.ConnectionTo(server);
        EtcdConnection alone = voting with { Endpoints = [await server.AddLearnerAsync()] };
        await TestDeadline.UntilAsync(
            "the learner to have the data of the leader", async () => await RevisionAsync(alone) == 2);

        // Beside a voting member it is not read.
        (EtcdMember leader, _) = await TakeAsync(voting with { Endpoints = [.. alone.Endpoints, .. voting.Endpoints] });
        Assert.Equal(EtcdMemberRole.Leader, leader.Role);

        RecordingLogger log = new();
        EtcdSnapshotSource source = new(alone, TimeProvider.System, log);
        if (version == "3.4")
        {
            // 3.4.23 does not serve it; a later 3.4 may.
            BackupException refused =
                await Assert.ThrowsAsync<BackupException>(() => source.OpenAsync(CancellationToken.None));
            Assert.Contains("rpc not supported for learner", refused.Message, StringComparison.Ordinal);
            Assert.Contains("name an endpoint of a voting member", refused.Hint, StringComparison.Ordinal);
            return;
        }

        await using EtcdSnapshot snapshot = await source.OpenAsync(CancellationToken.None);
        await snapshot.Content.CopyToAsync(Stream.Null);
        Assert.Equal((EtcdMemberRole.Learner, 2L), (snapshot.Member.Role, snapshot.Member.Revision));
        Assert.Contains(
            log.Lines,
            line => line.Contains("is a learner, and no voting member can be read", StringComparison.Ordinal));
        BackupException noHash =
            await Assert.ThrowsAsync<BackupException>(() => snapshot.AskHashKvAsync(CancellationToken.None));
        Assert.Contains("it is a learner", noHash.Message, StringComparison.Ordinal);
        // The agent assumes this: the learner refuses the call.
        using EtcdClient client = new(alone, alone.Endpoints[0], TimeProvider.System);
        BackupException refusedHash =
            await Assert.ThrowsAsync<BackupException>(() => client.HashKvAsync(2, CancellationToken.None));
        Assert.Contains("rpc not supported for learner", refusedHash.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Endpoints_of_two_clusters_are_refused()
    {
        EtcdServerOptions options = new() { Series = EtcdServers.Series("3.5") };
        await using EtcdServer one = await EtcdServer.StartAsync(options);
        await using EtcdServer other = await EtcdServer.StartAsync(options);

        BackupException e = await Assert.ThrowsAsync<BackupException>(() =>
            TakeAsync(new EtcdConnection { Endpoints = [.. one.Endpoints, .. other.Endpoints] }));

        Assert.Equal(FailureReason.InvalidInput, e.Reason);
        Assert.StartsWith("The etcd endpoints belong to different clusters: ", e.Message, StringComparison.Ordinal);
    }

    /// <summary>Returns 0 while the member does not respond.</summary>
    private static async Task<long> RevisionAsync(EtcdConnection connection)
    {
        try
        {
            using EtcdClient client = new(connection, connection.Endpoints[0], TimeProvider.System);
            return (await client.StatusAsync(CancellationToken.None)).Header.Revision;
        }
        catch (BackupException)
        {
            return 0;
        }
    }

    private static string Display(EtcdServer server, int member) => EtcdEndpoints.Display(server.Endpoints[member]);

    private static async Task<(EtcdMember Member, RecordingLogger Log)> TakeAsync(EtcdConnection connection)
    {
        RecordingLogger log = new();
        await using EtcdSnapshot snapshot =
            await new EtcdSnapshotSource(connection, TimeProvider.System, log).OpenAsync(CancellationToken.None);
        await snapshot.Content.CopyToAsync(Stream.Null);
        return (snapshot.Member, log);
    }
}
