using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Etcd;
using EtcdBackupAgent.Etcd.Members;
using EtcdBackupAgent.Etcd.Watching;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Etcd;
using EtcdBackupAgent.Testing.Network;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Etcd.Watching;

/// <summary>Members that cannot be watched any more, and those that are not chosen.</summary>
public sealed class EndedWatchTests
{
    public static TheoryData<string> Versions => Watcher.Versions;

    /// <summary>A cluster of three loses one member after the other.</summary>
    [Theory]
    [MemberData(nameof(Versions))]
    public async Task A_killed_member_and_one_without_a_leader_end_the_watch_and_are_not_chosen(string version)
    {
        await using EtcdServer server = await EtcdServer.StartAsync(
            new EtcdServerOptions { Series = EtcdServers.Series(version), Members = 3 });
        EtcdConnection connection = EtcdServers.ConnectionTo(server) with { CallTimeout = TimeSpan.FromSeconds(5) };

        // A follower is chosen. It is killed: another member is chosen.
        await using IWatchedMember first = await Watcher.ConnectAsync(connection);
        await using (Watcher watcher = new(first, first.Head + 1))
        {
            await server.EtcdctlAsync("put", "key", "value");
            await watcher.ReadToAsync(first.Head + 1);
            await server.KillAsync(MemberOf(server, first));

            BackupException e = await watcher.FailAsync<BackupException>();

            Assert.Equal(FailureReason.EtcdUnreachable, e.Reason);
            Assert.StartsWith($"{first.Endpoint}: Watch/Watch failed: ", e.Message, StringComparison.Ordinal);
        }

        await using IWatchedMember second = await ConnectWhenPossibleAsync(connection);
        Assert.NotEqual(first.Endpoint, second.Endpoint);
        Assert.Equal(first.ClusterId, second.ClusterId);
        await using (Watcher watcher = new(second, first.Head + 1))
        {
            await watcher.ReadToAsync(first.Head + 1);

            // Its only peer is killed: it can still be reached, but is cut off from its cluster.
            int last = MemberOf(server, second);
            await server.KillAsync(3 - last - MemberOf(server, first));

            BackupException e = await watcher.FailAsync<BackupException>();

            Assert.Equal(FailureReason.EtcdUnreachable, e.Reason);
            Assert.Equal($"{second.Endpoint}: Watch/Watch failed: etcdserver: no leader.", e.Message);
        }

        BackupException none = await Assert.ThrowsAsync<BackupException>(() => Watcher.ConnectAsync(connection));
        Assert.Equal(FailureReason.EtcdUnreachable, none.Reason);
        Assert.StartsWith("None of the etcd endpoints can be watched. ", none.Message, StringComparison.Ordinal);
        Assert.Contains($"{second.Endpoint}: the member knows no leader.", none.Message, StringComparison.Ordinal);
        Assert.Contains($"{first.Endpoint}: Maintenance/Status failed", none.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task A_learner_is_not_chosen(string version)
    {
        await using EtcdServer server =
            await EtcdServer.StartAsync(new EtcdServerOptions { Series = EtcdServers.Series(version) });
        await server.EtcdctlAsync("put", "key", "value");
        EtcdConnection voting = EtcdServers.ConnectionTo(server);
        EtcdConnection alone = voting with { Endpoints = [await server.AddLearnerAsync()] };
        await TestDeadline.UntilAsync(
            "the learner to have the data of the leader", async () => await IsSyncedAsync(alone));

        await using IWatchedMember member =
            await Watcher.ConnectAsync(voting with { Endpoints = [.. alone.Endpoints, .. voting.Endpoints] });
        BackupException e = await Assert.ThrowsAsync<BackupException>(() => Watcher.ConnectAsync(alone));

        Assert.Equal(EtcdEndpoints.Display(voting.Endpoints[0]), member.Endpoint);
        Assert.Equal(FailureReason.EtcdFailed, e.Reason);
        Assert.EndsWith(": the member is a learner, which serves no watch.", e.Message, StringComparison.Ordinal);
        // The agent assumes this: the learner refuses a watch.
        using EtcdClient client = new(alone, alone.Endpoints[0], TimeProvider.System);
        BackupException refused = await Assert.ThrowsAsync<BackupException>(async () =>
        {
            MemberIdentity learner = new(alone.ToString(), default, default);
            using WatchStream stream = await client.WatchAsync(1, learner, CancellationToken.None);
        });
        Assert.Contains("not supported for learner", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_peer_that_no_longer_responds_ends_the_watch()
    {
        await using EtcdServer server =
            await EtcdServer.StartAsync(new EtcdServerOptions { Series = EtcdServers.Series("3.5") });
        await using TcpProxy proxy = new(server.Endpoints[0].Port);
        EtcdConnection connection = EtcdServers.ConnectionTo(server) with
        {
            Endpoints = EtcdEndpoints.Parse($"http://127.0.0.1:{proxy.Port}"),
            WatchPingDelay = TimeSpan.FromSeconds(1),
        };
        await using IWatchedMember member = await Watcher.ConnectAsync(connection);
        await using Watcher watcher = new(member, member.Head + 1);
        await server.EtcdctlAsync("put", "key", "value");
        await watcher.ReadAsync();

        // From now on nothing arrives, in either direction, and no connection is closed.
        foreach (ProxyDirection direction in (ProxyDirection[])[proxy.ToServer, proxy.ToClient])
        {
            direction.Fault = LinkFault.Hold;
            direction.FaultAfterBytes = 0;
            direction.FaultsLeft = 1;
        }

        BackupException e = await watcher.FailAsync<BackupException>();

        Assert.Equal(FailureReason.EtcdUnreachable, e.Reason);
    }

    /// <summary>While a leader is elected, no member can be chosen.</summary>
    private static async Task<IWatchedMember> ConnectWhenPossibleAsync(EtcdConnection connection)
    {
        IWatchedMember? member = null;
        await TestDeadline.UntilAsync("a member to be chosen", async () =>
        {
            try
            {
                member = await Watcher.ConnectAsync(connection);
                return true;
            }
            catch (BackupException)
            {
                return false;
            }
        });
        return member!;
    }

    private static async Task<bool> IsSyncedAsync(EtcdConnection learner)
    {
        try
        {
            using EtcdClient client = new(learner, learner.Endpoints[0], TimeProvider.System);
            return (await client.StatusAsync(CancellationToken.None)).Header.Revision == 2;
        }
        catch (BackupException)
        {
            return false;
        }
    }

    private static int MemberOf(EtcdServer server, IWatchedMember member) =>
        server.Endpoints.ToList().FindIndex(endpoint => EtcdEndpoints.Display(endpoint) == member.Endpoint);
}
